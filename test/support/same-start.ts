import { afterAll, vi } from "vitest";

/*
 * Files of one process share their modules; each begins with the same environment and the same
 * working directory, though. Stores, for example, take their credentials from the environment.
 */
const environment = { ...process.env };
const folder = process.cwd();

afterAll(() => {
  vi.unstubAllEnvs();
  for (const name of Object.keys(process.env)) if (!(name in environment)) delete process.env[name];
  Object.assign(process.env, environment);
  process.chdir(folder);
});
