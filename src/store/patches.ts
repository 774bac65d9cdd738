/** A patch that changes nothing: SQL has no UPDATE without a column, so the row is only read. */
export const isEmpty = (patch: object): boolean => Object.values(patch).every((value) => value === undefined);
