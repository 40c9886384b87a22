/** Who works with the system, and what they may do where. */
import { useState } from "react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import type { Api } from "#console/api.ts";
import { TableBox } from "#console/ui/table-box.tsx";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk, useMay, useSession } from "#console/session/session-context.tsx";
import { Allowed } from "#console/ui/allowed.tsx";
import { useCity } from "#console/ui/city.tsx";
import { Mark } from "#console/ui/mark.tsx";
import { Action } from "#console/ui/parts.tsx";
import { Answer, Empty } from "#console/ui/states.tsx";
import { useStore } from "#console/ui/store.ts";
import { Tabs } from "#console/ui/tabs.tsx";
import { NewRoleSheet } from "./new-role-sheet.tsx";
import { NewUserSheet } from "./new-user-sheet.tsx";
import { RoleTable } from "./role-table.tsx";
import { rolesQuery } from "./roles-query.ts";

type User = Api["list-users"]["output"]["items"][number];

export const UsersPage = () => (
  <Allowed permission="users.manage">
    <UsersAndRoles />
  </Allowed>
);

const UsersAndRoles = () => {
  const m = useMessages();
  const may = useMay();
  const { tab } = useSearch({ strict: false }) as { tab?: string };
  const [isMaking, setMaking] = useState(false);
  const isRoles = tab === "roles";
  const tabs = [
    { label: m.admin.users, tab: undefined },
    { label: m.admin.roles, tab: "roles" },
  ];
  return (
    <section className="page" aria-labelledby="users-title">
      <header className="page-head">
        <h1 id="users-title">{m.admin.users}</h1>
        {isRoles && !may("roles.manage") ? null : (
          <Action kind="primary" onPress={() => setMaking(true)}>
            <Plus size={16} aria-hidden="true" />
            {isRoles ? m.admin.addRole : m.admin.add}
          </Action>
        )}
      </header>
      <Tabs to="/users" label={m.admin.users} tabs={tabs} current={isRoles ? "roles" : undefined} />
      {isRoles ? <Roles /> : <Users />}
      {isMaking && !isRoles ? <NewUserSheet onClose={() => setMaking(false)} /> : null}
      {isMaking && isRoles ? <NewRoleSheet onClose={() => setMaking(false)} /> : null}
    </section>
  );
};

const Roles = () => {
  const roles = useQuery(rolesQuery(useAsk()));
  return <Answer of={roles}>{({ items }) => <RoleTable roles={items} />}</Answer>;
};

const Users = () => {
  const m = useMessages();
  const ask = useAsk();
  const users = useInfiniteQuery({
    queryKey: ["users"],
    queryFn: ({ signal, pageParam }) =>
      ask("list-users", { limit: 100, ...(pageParam ? { cursor: pageParam } : {}) }, { signal }),
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  return (
    <Answer of={users}>
      {({ pages }) => (
        <>
          <UserTable users={pages.flatMap(({ items }) => items)} />
          {users.hasNextPage ? (
            <Action isBusy={users.isFetchingNextPage} onPress={() => void users.fetchNextPage()}>
              {m.common.more}
            </Action>
          ) : null}
        </>
      )}
    </Answer>
  );
};

const UserTable = ({ users }: { users: readonly User[] }) => {
  const m = useMessages();
  const state = useStore(useSession().store.state);
  const own = state.kind === "in" ? state.session.user.id : null;
  if (users.length === 0) return <Empty title={m.admin.empty} hint={m.admin.emptyHint} />;
  return (
    <TableBox label={m.admin.users}>
      <thead>
        <tr>
          <th scope="col">{m.admin.name}</th>
          <th scope="col">{m.admin.email}</th>
          <th scope="col">{m.admin.role}</th>
          <th scope="col">{m.admin.state}</th>
        </tr>
      </thead>
      <tbody>
        {users.map((user) => (
          <tr key={user.id} data-testid="user">
            <th scope="row">
              <strong>{user.nome}</strong> {user.id === own ? <span className="dim">({m.admin.you})</span> : null}
            </th>
            <td>{user.email}</td>
            <td>
              <RolesOf user={user} />
            </td>
            <td>{user.is_active ? m.admin.active : <Mark kind="lost">{m.admin.inactive}</Mark>}</td>
          </tr>
        ))}
      </tbody>
    </TableBox>
  );
};

const RolesOf = ({ user }: { user: User }) => {
  const m = useMessages();
  const { cities } = useCity();
  const where = (cidade_id: string | null): string =>
    cidade_id === null ? m.admin.everywhere : (cities.find(({ id }) => id === cidade_id)?.nome ?? m.admin.otherCity);
  return (
    <ul>
      {user.roles.map(({ role_id, role_name, cidade_id }) => (
        <li key={`${role_id} ${cidade_id ?? ""}`}>
          {role_name} <span className="dim">· {where(cidade_id)}</span>
        </li>
      ))}
    </ul>
  );
};
