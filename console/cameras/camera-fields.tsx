import { useMessages } from "#console/messages/language.tsx";
import { Field } from "#console/ui/parts.tsx";

type Props = {
  values: { nome: string; place: string };
  fields: Record<string, string>;
  onChange(name: "nome" | "place", value: string): void;
};

export const NameAndPlace = ({ values, fields, onChange }: Props) => {
  const m = useMessages();
  return (
    <>
      <Field
        label={m.cameras.name}
        name="nome"
        value={values.nome}
        onChange={(value) => onChange("nome", value)}
        error={fields["nome"]}
        maxLength={255}
        isRequired
        autoFocus
      />
      <Field
        label={m.cameras.place}
        name="localizacao"
        value={values.place}
        onChange={(value) => onChange("place", value)}
        error={fields["localizacao"]}
        maxLength={500}
      />
    </>
  );
};
