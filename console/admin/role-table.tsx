import { permissions } from "#lib/function/permissions.ts";
import type { Api } from "#console/api.ts";
import { useMessages } from "#console/messages/language.tsx";

type Role = Api["list-roles"]["output"]["items"][number];

export const RoleTable = ({ roles }: { roles: readonly Role[] }) => {
  const m = useMessages();
  return (
    <div className="table-box" tabIndex={0} role="region" aria-label={m.admin.roles}>
      <table className="table">
        <thead>
          <tr>
            <th scope="col">{m.admin.role}</th>
            <th scope="col">{m.admin.allows}</th>
          </tr>
        </thead>
        <tbody>
          {roles.map((role) => (
            <tr key={role.id} data-testid="role">
              <th scope="row">
                <strong>{role.name}</strong>
              </th>
              <td>
                {permissions.every((permission) => role.permissions.includes(permission))
                  ? m.admin.everything
                  : role.permissions.map((permission) => m.admin.permissions[permission]).join(", ")}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
};
