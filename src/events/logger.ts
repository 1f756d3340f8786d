/**
 * The methods that pino, winston, console and most other loggers share. They get a message and,
 * second, the event's fields; pino gets the fields first, as it expects.
 */
export interface Logger {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

export type LogLevel = keyof Logger;
