/// Draws an OpenAPI document. Everything goes in as text, never as markup, so no description can become a script.
enum DocumentationScript {
    static let text = """
        "use strict";
        const reference = document.getElementById("reference"), state = document.getElementById("state"), token = document.getElementById("token");
        function node(name, text, ...children) {
          const made = document.createElement(name);
          if (text) made.textContent = text;
          made.append(...children);
          return made;
        }
        function table(heads, rows) {
          return node("table", "", node("thead", "", node("tr", "", ...heads.map(h => node("th", h)))),
            node("tbody", "", ...rows.map(cells => node("tr", "", ...cells.map(c => node("td", String(c)))))));
        }
        function kind(schema) {
          if (!schema) return "";
          if (schema.$ref) return schema.$ref.split("/").pop();
          if (schema.enum) return schema.enum.join(" | ");
          if (schema.type === "array") return "list of " + kind(schema.items);
          return [].concat(schema.type || "any").join(" | ") + (schema.format ? " (" + schema.format + ")" : "");
        }
        function operation(path, method, call, all) {
          const box = node("details", "", node("summary", "", node("b", method.toUpperCase()), node("code", path), node("span", call.summary)));
          if (call.parameters) box.append(node("h3", "Parameters"), table(["name", "in", "form", "meaning"],
            call.parameters.map(p => [p.name + (p.required ? " *" : ""), p.in, kind(p.schema), p.description])));
          if (call.requestBody) {
            box.append(node("h3", "Body"));
            for (const [type, media] of Object.entries(call.requestBody.content)) box.append(node("p", type + ": " + kind(media.schema)));
          }
          box.append(node("h3", "Answers"), table(["status", "meaning", "body"], Object.entries(call.responses).map(([status, answer]) => {
            const found = answer.$ref ? all.components.responses[answer.$ref.split("/").pop()] : answer;
            const media = Object.values(found.content || {})[0];
            return [status, found.description, media ? kind(media.schema) : ""];
          })));
          return box;
        }
        function show(all) {
          reference.replaceChildren();
          for (const tag of all.tags) {
            reference.append(node("h2", tag.name));
            for (const [path, methods] of Object.entries(all.paths))
              for (const [method, call] of Object.entries(methods))
                if (call.tags.includes(tag.name)) reference.append(operation(path, method, call, all));
          }
          reference.append(node("h2", "Schemas"));
          for (const [name, schema] of Object.entries(all.components.schemas))
            reference.append(node("details", "", node("summary", "", node("code", name)), node("pre", JSON.stringify(schema, null, 2))));
          state.textContent = all.info.description;
        }
        async function load() {
          const headers = token.value ? { Authorization: "Bearer " + token.value } : {};
          const answer = await fetch(reference.dataset.document, { headers });
          const body = await answer.json();
          if (answer.ok) show(body); else state.textContent = body.detail;
        }
        document.getElementById("who").addEventListener("submit", event => { event.preventDefault(); load(); });
        load();
        """
}
