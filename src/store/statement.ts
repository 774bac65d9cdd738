import type { CompiledQuery, QueryResult } from 'kysely';
import type { Context } from './context.ts';
import type { Dialect } from './dialect.ts';

/** Stands for a value while a statement is compiled. */
class Blank {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

export interface Parts<V> extends Pick<Context, 'db'> {
  readonly dialect: Context['dialect'];
  /** The place of one of the values. */
  readonly value: <K extends keyof V & string>(name: K) => V[K];
}

type Place = Pick<Context, 'db' | 'dialect'>;

/**
 * A statement that goes with every message: built and compiled once for each dialect, afterwards only its values change. Building one
 * anew costs more than SQLite needs to run it. Everything in it but the values must always be the same.
 */
export function statement<V extends object, R>(build: (parts: Parts<V>) => CompiledQuery<R>) {
  const compiled = new WeakMap<Dialect['columns'], CompiledQuery<R>>();

  function compile({ db, dialect }: Place): CompiledQuery<R> {
    const query = build({ db, dialect, value: <K extends keyof V & string>(name: K) => new Blank(name) as V[K] });
    compiled.set(dialect.columns, query);
    return query;
  }

  return ({ db, dialect }: Place, values: V): Promise<QueryResult<R>> => {
    const query = compiled.get(dialect.columns) ?? compile({ db, dialect });
    const parameters = query.parameters.map((one) => (one instanceof Blank ? values[one.name as keyof V] : one));
    return db.executeQuery({ ...query, parameters });
  };
}
