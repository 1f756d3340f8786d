/** The server that a host is to start, and its place on this machine. */
export interface ServerPlace {
  /** The folder of the package with the programs of PostgreSQL. */
  readonly programs: string;
  /** A folder for everything that the server writes, which is removed at the end. */
  readonly folder: string;
  readonly port: number;
  readonly password: string;
}

/** The work of the workers that a host starts. */
export interface WorkerOrder {
  readonly url: string;
  readonly code: string;
  readonly lockMs: number;
  /** The module of the pipeline. */
  readonly file: string;
  readonly dataDir: string;
  readonly slots: number;
  /** The id of the process of the run. */
  readonly run: number;
  /** The folder of the server. */
  readonly folder: string;
}

/** The only message of a run to its host, which ends when the run's process does. */
export interface MessageToHost {
  readonly server: ServerPlace;
  readonly workers: WorkerOrder;
}

/** The message of a host whose workers take jobs: the ids of their processes. */
export interface ReadyHost {
  readonly workers: readonly number[];
}
