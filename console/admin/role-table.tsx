import { permissions } from "#lib/function/permissions.ts";
import type { Api } from "#console/api.ts";
import { TableBox } from "#console/ui/table-box.tsx";
import { useMessages } from "#console/messages/language.tsx";

type Role = Api["list-roles"]["output"]["items"][number];

export const RoleTable = ({ roles }: { roles: readonly Role[] }) => {
  const m = useMessages();
  return (
    <TableBox label={m.admin.roles}>
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
    </TableBox>
  );
};
