/** What is wrong with who sees which rows: read from the database's own catalogue, so that no table is forgotten. */
import type { Sql, TransactionSql } from "#lib/db/connect.ts";

type Any = Sql | TransactionSql;

/** Sentences; none: every rule holds. */
export const faultsOf = async (sql: Any): Promise<string[]> =>
  (
    await Promise.all([roleFaults(sql), tableFaults(sql), coverFaults(sql), reachFaults(sql), functionFaults(sql)])
  ).flat();

const said = async (rows: PromiseLike<{ fault: string }[]>): Promise<string[]> =>
  (await rows).map(({ fault }) => fault);

/** The logins that serve own nothing, pass by nothing and are nobody else. */
const roleFaults = (sql: Any): Promise<string[]> =>
  said(sql<{ fault: string }[]>`
    select rolname || ' may do what no serving login may' as fault from pg_roles
      where rolname in ('gt_app', 'gt_system') and (rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication)
    union all
    select member::regrole || ' is a member of ' || roleid::regrole from pg_auth_members
      where member in ('gt_app'::regrole, 'gt_system'::regrole)
    union all
    select relowner::regrole || ' owns ' || relname from pg_class where relowner in ('gt_app'::regrole, 'gt_system'::regrole)
    union all
    select rolname || ' may make tables' from pg_roles
      where rolname in ('gt_app', 'gt_system') and has_schema_privilege(rolname, 'public', 'create')`);

/** Policies hold for everybody, the owner too, and the owner has one: else its backfill would change nothing and say nothing. */
const tableFaults = (sql: Any): Promise<string[]> =>
  said(sql<{ fault: string }[]>`
    with tables as (
      select c.oid, c.relname, c.relrowsecurity, c.relforcerowsecurity,
        exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'cidade_id') or c.relname = 'cidades' as of_city,
        has_any_column_privilege('gt_app', c.oid, 'select') or has_any_column_privilege('gt_system', c.oid, 'select') as serves
      from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition)
    select relname || ' has no forced policies' as fault from tables
      where (of_city or serves) and not (relrowsecurity and relforcerowsecurity)
    union all
    select relname || ' shows its owner nothing' from tables
      where relforcerowsecurity and not exists (
        select 1 from pg_policy where polrelid = tables.oid and polcmd = '*' and 'gt_owner'::regrole = any (polroles)
          and pg_get_expr(polqual, polrelid) = 'true' and pg_get_expr(polwithcheck, polrelid) = 'true')
    union all
    select relname || ' is a view that sees with its owner''s eyes' from pg_class
      where relnamespace = 'public'::regnamespace and relkind = 'v' and not coalesce('security_invoker=true' = any (reloptions), false)
    union all
    select relname || ' is a partition that can be reached past its parent' from pg_class
      where relnamespace = 'public'::regnamespace and relispartition and relkind in ('r', 'p')
        and exists (select 1 from aclexplode(relacl) where grantee <> relowner)`);

/** What a login may do with a table, a policy says with which rows. */
const coverFaults = (sql: Any): Promise<string[]> =>
  said(sql<{ fault: string }[]>`
    select format('%s may %s in %s, but no policy says which rows', login, command, c.relname) as fault
    from pg_class c, unnest(array['gt_app', 'gt_system']) login,
      (values ('select', 'r'), ('insert', 'a'), ('update', 'w'), ('delete', 'd')) as commands (command, letter)
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and has_table_privilege(login, c.oid, command)
      and not exists (select 1 from pg_policy p where p.polrelid = c.oid and p.polcmd in ('*', letter::"char") and login::regrole = any (p.polroles))
    union all
    select format('the policy %s of %s is for everybody', polname, polrelid::regclass) from pg_policy where 0 = any (polroles)`);

type Expression = { name: string; expression: string };
const [OWN, OTHER] = ["00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"];

/** Asks each policy of a city's table about a row of one city, with that city named, another one, none, and all. */
const reachFaults = async (sql: Any): Promise<string[]> => {
  const expressions = await sql<Expression[]>`
    select c.relname || '.' || p.polname as name, expression from pg_policy p
      join pg_class c on c.oid = p.polrelid,
      unnest(array[pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)]) expression
    where expression is not null and 'gt_app'::regrole = any (p.polroles)
      and (c.relname = 'cidades' or exists (select 1 from pg_attribute a where a.attrelid = c.oid and a.attname = 'cidade_id'))`;
  const faults: string[] = [];
  for (const [named, expected] of [
    [OWN, true],
    [`${OTHER},${OWN}`, true],
    ["*", true],
    [OTHER, false],
    ["", false],
  ] as const) {
    const seen = await seenBy(sql, expressions, named);
    for (const [index, { name }] of expressions.entries()) {
      if (seen[index] !== expected)
        faults.push(`${name} ${expected ? "hides" : "shows"} a city's row where "${named}" is named`);
    }
  }
  return faults;
};

/** All in one statement, so that the setting and the questions meet on one connection. */
const seenBy = async (sql: Any, expressions: readonly Expression[], named: string): Promise<boolean[]> => {
  const questions = expressions.map(({ expression }) => `coalesce((${expression}), false)`);
  const [row] = await sql.unsafe<{ seen: boolean[] }[]>(
    `with setting as materialized (select set_config('app.cities', $1, false)),
       a_row as materialized (select '${OWN}'::uuid as cidade_id, '${OWN}'::uuid as id from setting)
     select json_build_array(${questions.join(", ")}) as seen from a_row`,
    [named],
  );
  return row?.seen ?? [];
};

/** What runs as somebody else is called by gt_system alone, and finds only what is meant. */
const functionFaults = (sql: Any): Promise<string[]> =>
  said(sql<{ fault: string }[]>`
    select proname || ' runs as its owner with a search path that its caller chooses' as fault from pg_proc
      where pronamespace = 'public'::regnamespace and prosecdef and not coalesce('search_path=public, pg_temp' = any (proconfig), false)
    union all
    select proname || ' changes tables for who may not' from pg_proc
      where pronamespace = 'public'::regnamespace and prosecdef and provolatile = 'v' and has_function_privilege('gt_app', oid, 'execute')`);
