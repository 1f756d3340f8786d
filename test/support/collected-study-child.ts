// A process that makes and loads the artifacts of a study, again and again, while another one
// removes them. It says `whole` if it always got what its params mean.
import { definePersistable, typedParams } from "../../src/entry/index.ts";

const [dataDir = "", rounds = "1"] = process.argv.slice(2);

// Beyond the size of a record: a payload in a file of its own.
const points = definePersistable({
  name: "points",
  params: typedParams<{ n: number }>(),
  generate: ({ params }) => new Float64Array(1000 + params.n).fill(params.n),
});

const fits = definePersistable({
  name: "fits",
  params: typedParams<{ z: number }>(),
  dependencies: { points },
  generate: async ({ params, dependencies }) => {
    const values = await dependencies.points.payload;
    return { sum: values.reduce((sum, value) => sum + value, 0) * params.z };
  },
});

for (let round = 0; round < Number(rounds); round++)
  for (let n = 0; n < 8; n++) {
    const { sum } = await fits({ z: 2, points: { n } }, { dataDir }).payload;
    if (sum !== 2 * n * (1000 + n)) throw new Error(`${n}: ${sum}`);
    const values = await points({ n }, { dataDir }).payload;
    if (values.length !== 1000 + n || values.some((value) => value !== n)) throw new Error(`points of ${n}`);
  }
process.stdout.write("whole\n");
