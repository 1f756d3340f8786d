/**
 * What a logger must offer: the methods that pino, winston, console and most others share. Called with a message and, second, the
 * event's fields; pino gets them the other way round, as it wants them.
 */
export interface Logger {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

export type LogLevel = keyof Logger;
