/** JSON nested deeper than this is refused, since the record around it is parsed within limits. */
export const MAX_TAGGED_DEPTH = 64;
