/** Where functions are, from one setting: a host for all, or an address with the name of each one's deployable in it. */

export type Grouped = { name: string; functions: readonly { context: string; definition: { name: string } }[] };

/**
 * `http://functions:8080` · `http://gateway:8080/function/{deployable}` (OpenFaaS) ·
 * `http://{deployable}.gt-vision.svc.cluster.local` (Knative). Answers by `<context>.<name>`.
 */
export const addressesOf = (template: string, deployables: readonly Grouped[]): ((functionName: string) => string) => {
  const unknown = template.replaceAll("{deployable}", "").match(/\{[^}]*\}/);
  if (unknown) throw new Error(`FUNCTIONS_URL has ${unknown[0]} in it; only {deployable} is known`);
  const addresses = new Map<string, string>();
  for (const { name, functions } of deployables)
    for (const { context, definition } of functions)
      addresses.set(`${context}.${definition.name}`, addressOf(template, name));
  return (functionName) => {
    const address = addresses.get(functionName);
    if (address === undefined) throw new Error(`No deployable has ${functionName}`);
    return address;
  };
};

const addressOf = (template: string, deployable: string): string => {
  const url = URL.parse(template.replaceAll("{deployable}", deployable));
  if (!url || !/^https?:$/.test(url.protocol)) throw new Error("FUNCTIONS_URL is no http: or https: address");
  if (url.search !== "" || url.hash !== "") throw new Error("FUNCTIONS_URL ends with a path: no query, no fragment");
  return url.href.replace(/\/$/, "");
};
