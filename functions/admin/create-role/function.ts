import { http } from "#lib/function/define.ts";
import { NewRole, Role } from "../contract.ts";
import { insertRole } from "../roles.ts";

export const createRole = http({
  name: "create-role",
  summary: "Makes a role: a named set of permissions",
  http: { method: "POST", path: "/api/roles", access: { permission: "roles.manage", cities: "all" }, status: 201 },
  needs: ["sql", "ids", "audit"],
  audited: true,
  input: NewRole,
  output: Role,
  async handle({ name, permissions }, { sql, ids, audit }) {
    const role = { id: ids(), name, permissions: [...new Set(permissions)] };
    await insertRole(sql, role);
    audit.note({ object_type: "role", object_id: role.id, details: role });
    return role;
  },
});
