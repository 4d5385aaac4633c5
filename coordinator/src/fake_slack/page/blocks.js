// Draws what messages hold: mrkdwn, rich text and Block Kit.
//
// Everything that somebody wrote becomes a text node or the value of an attribute that runs nothing; no
// markup is ever made of text.
"use strict";

/** An element with a class, and children that are nodes or text. */
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  for (const child of children.flat()) {
    if (child !== null && child !== undefined) element.append(child);
  }
  return element;
}

/** Only addresses that lead to a page; anything else stays text. */
function link(url, label) {
  const text = label || url;
  if (!/^(https?:|mailto:)/i.test(url)) return document.createTextNode(text);
  const anchor = make("a", "", text);
  anchor.href = url;
  anchor.rel = "noreferrer noopener";
  anchor.target = "_blank";
  return anchor;
}

function unescapeSlack(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** What stands between `<` and `>` in mrkdwn. */
function reference(inside, names) {
  const bar = inside.indexOf("|");
  const target = bar < 0 ? inside : inside.slice(0, bar);
  const label = bar < 0 ? "" : unescapeSlack(inside.slice(bar + 1));
  if (target.startsWith("@")) return make("span", "mention", "@" + (label || names.user(target.slice(1))));
  if (target.startsWith("#")) return make("span", "mention", "#" + (label || names.channel(target.slice(1))));
  if (target.startsWith("!date")) return document.createTextNode(label);
  if (target.startsWith("!")) return make("span", "mention", "@" + (label || target.slice(1)));
  return link(unescapeSlack(target), label);
}

const STYLES = [
  ["```", "pre"],
  ["`", "code"],
  ["*", "b"],
  ["_", "i"],
  ["~", "s"],
];

/** Styles of mrkdwn: marks at the edges of words. */
function styled(text, names) {
  for (const [mark, tag] of STYLES) {
    const quoted = mark.replace(/[*`]/g, "\\$&");
    const pattern = new RegExp(`(^|[\\s(\\[{"',.;:!?>])${quoted}(?=\\S)([^]*?\\S)${quoted}(?=$|[\\s)\\]}"',.;:!?<])`);
    const found = pattern.exec(text);
    if (!found) continue;
    const start = found.index + found[1].length;
    const end = found.index + found[0].length;
    const inner = tag === "pre" || tag === "code" ? plainParts(found[2], names) : styled(found[2], names);
    return [...styled(text.slice(0, start), names), make(tag, "", inner), ...styled(text.slice(end), names)];
  }
  return plainParts(text, names);
}

function plainParts(text, names) {
  const parts = [];
  let rest = text;
  for (;;) {
    const found = /<([^<>]+)>/.exec(rest);
    if (!found) break;
    if (found.index > 0) parts.push(unescapeSlack(rest.slice(0, found.index)));
    parts.push(reference(found[1], names));
    rest = rest.slice(found.index + found[0].length);
  }
  if (rest) parts.push(unescapeSlack(rest));
  return parts;
}

function mrkdwn(text, names) {
  return make("span", "text", styled(text || "", names));
}

/** A text object of Block Kit. */
function textObject(object, names) {
  if (!object) return null;
  if (object.type === "mrkdwn") return mrkdwn(object.text, names);
  return make("span", "text", object.text || "");
}

function richInline(element, names) {
  let node;
  switch (element.type) {
    case "text": node = document.createTextNode(element.text); break;
    case "link": node = link(element.url, element.text); break;
    case "user": node = make("span", "mention", "@" + names.user(element.user_id)); break;
    case "channel": node = make("span", "mention", "#" + names.channel(element.channel_id)); break;
    case "broadcast": node = make("span", "mention", "@" + element.range); break;
    case "emoji": node = document.createTextNode(`:${element.name}:`); break;
    default: node = document.createTextNode(element.text || element.fallback || `[${element.type}]`);
  }
  const style = element.style || {};
  for (const [name, tag] of [["code", "code"], ["bold", "b"], ["italic", "i"], ["strike", "s"]]) {
    if (style[name]) node = make(tag, "", node);
  }
  return node;
}

function richPart(part, names) {
  const inline = (list) => (list || []).map((element) => richInline(element, names));
  switch (part.type) {
    case "rich_text_preformatted": return make("pre", "", inline(part.elements));
    case "rich_text_quote": return make("blockquote", "", inline(part.elements));
    case "rich_text_list": {
      const items = (part.elements || []).map((item) => make("li", "", inline(item.elements)));
      return make(part.style === "ordered" ? "ol" : "ul", "", items);
    }
    default: return make("span", "text", inline(part.elements));
  }
}

/** A button, or a menu, which tells `act` when it is used. */
function actionElement(element, block, names, act) {
  if (element.type === "button") {
    const button = make("button", element.style || "", element.text ? element.text.text : "");
    button.type = "button";
    button.addEventListener("click", () => {
      const confirm = element.confirm;
      if (confirm && !window.confirm(`${confirm.title.text}\n\n${confirm.text.text}`)) return;
      if (element.url && /^https?:/i.test(element.url)) window.open(element.url, "_blank", "noopener");
      act(element, null, button);
    });
    return button;
  }
  const options = element.options || (element.option_groups || []).flatMap((group) => group.options);
  if (options.length > 0) {
    const menu = make("select", "", make("option", "", element.placeholder ? element.placeholder.text : "…"));
    for (const option of options) menu.append(make("option", "", option.text.text));
    menu.addEventListener("change", () => {
      const chosen = options[menu.selectedIndex - 1];
      if (chosen) act(element, { [block.block_id]: { [element.action_id]: { type: element.type, selected_option: chosen } } }, menu);
    });
    return menu;
  }
  return make("code", "", `[${element.type}]`);
}

/** One block. `act(element, state, control)` is called for what is used. */
function drawBlock(block, names, act) {
  switch (block.type) {
    case "header": return make("div", "block header", block.text.text);
    case "divider": return make("div", "block divider");
    case "section": {
      const fields = (block.fields || []).map((field) => textObject(field, names));
      const left = make("div", "", textObject(block.text, names), fields.length ? make("div", "fields", fields) : null);
      const right = block.accessory ? accessory(block.accessory, block, names, act) : null;
      return make("div", "block section", left, right);
    }
    case "context": return make("div", "block context", (block.elements || []).map((element) =>
      element.type === "image" ? make("span", "", `[${element.alt_text}]`) : textObject(element, names)));
    case "actions": return make("div", "block actions", (block.elements || []).map((element) => actionElement(element, block, names, act)));
    case "image": return make("div", "block image", make("span", "", `Image: ${block.alt_text}`));
    case "input": return drawInput(block, names);
    case "markdown": return make("div", "block", make("span", "text", block.text));
    case "rich_text": return make("div", "block", (block.elements || []).map((part) => richPart(part, names)));
    default: return make("div", "block", make("code", "", `[${block.type}]`));
  }
}

function accessory(element, block, names, act) {
  if (element.type === "image") return make("span", "", `[${element.alt_text}]`);
  return make("div", "", actionElement(element, block, names, act));
}

/** An input, which keeps its value where `readInputs` finds it. */
function drawInput(block, names) {
  const element = block.element;
  const options = element.options || [];
  let control;
  if (options.length && /radio|checkboxes/.test(element.type)) {
    const kind = element.type === "checkboxes" ? "checkbox" : "radio";
    control = make("div", "", options.map((option, number) => {
      const box = make("input");
      box.type = kind;
      box.name = block.block_id || element.action_id;
      box.value = String(number);
      return make("div", "", make("label", "", box, " ", option.text.text));
    }));
  } else if (options.length) {
    control = make("select", "", make("option", "", "…"), options.map((option) => make("option", "", option.text.text)));
  } else {
    control = make(element.multiline ? "textarea" : "input");
    control.value = element.initial_value || "";
    control.placeholder = element.placeholder ? element.placeholder.text : "";
  }
  const hint = block.hint ? make("div", "hint", block.hint.text) : null;
  const optional = block.optional ? " (optional)" : "";
  const drawn = make("div", "block input", make("label", "", block.label.text + optional), control, hint);
  drawn.input = { block, element, options, control };
  return drawn;
}

/** What the inputs below a node hold, as Slack tells it. */
function readInputs(root) {
  const values = {};
  for (const node of root.querySelectorAll(".block.input")) {
    const { block, element, options, control } = node.input;
    const value = { type: element.type };
    if (/radio|checkboxes/.test(element.type)) {
      const chosen = [...control.querySelectorAll(":checked")].map((box) => options[Number(box.value)]);
      if (element.type === "checkboxes") value.selected_options = chosen;
      else value.selected_option = chosen[0] || null;
    } else if (options.length) {
      value.selected_option = options[control.selectedIndex - 1] || null;
    } else {
      value.value = control.value || null;
    }
    values[block.block_id || element.action_id] = { [element.action_id]: value };
  }
  return values;
}
