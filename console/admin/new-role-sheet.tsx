import { useState, type FormEvent } from "react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Form } from "react-aria-components";
import { permissions, type Permission } from "#lib/function/permissions.ts";
import { useMessages } from "#console/messages/language.tsx";
import { useAsk } from "#console/session/session-context.tsx";
import { Action, Field, Sheet } from "#console/ui/parts.tsx";
import { fieldProblems } from "#console/ui/problem-words.ts";
import { Problem } from "#console/ui/states.tsx";

export const NewRoleSheet = ({ onClose }: { onClose(): void }) => {
  const m = useMessages();
  const ask = useAsk();
  const client = useQueryClient();
  const [name, setName] = useState("");
  const [held, setHeld] = useState<ReadonlySet<Permission>>(new Set());
  const make = useMutation({
    mutationFn: () =>
      ask("create-role", { name: name.trim(), permissions: permissions.filter((one) => held.has(one)) }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ["roles"] });
      onClose();
    },
  });
  const toggle = (permission: Permission): void =>
    setHeld((before) => {
      const after = new Set(before);
      if (!after.delete(permission)) after.add(permission);
      return after;
    });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Sheet title={m.admin.addRole} isOpen onClose={onClose}>
      {make.error ? <Problem error={make.error} /> : null}
      <Form className="form" onSubmit={submit} data-testid="new-role">
        <Field
          label={m.admin.roleName}
          name="name"
          value={name}
          onChange={setName}
          error={fieldProblems(m, make.error)["name"]}
          minLength={2}
          maxLength={100}
          isRequired
          autoFocus
        />
        <fieldset className="ticks">
          <legend>{m.admin.allows}</legend>
          {permissions.map((permission) => (
            <label key={permission} className="tick">
              <input type="checkbox" checked={held.has(permission)} onChange={() => toggle(permission)} />
              {m.admin.permissions[permission]}
            </label>
          ))}
        </fieldset>
        {held.size === 0 ? <p className="field-hint">{m.admin.noRole}</p> : null}
        <Action kind="primary" type="submit" isBusy={make.isPending} isDisabled={held.size === 0}>
          {m.admin.createRole}
        </Action>
      </Form>
    </Sheet>
  );
};
