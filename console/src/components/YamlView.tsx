import { yaml } from "@codemirror/lang-yaml";
import {
  defaultHighlightStyle,
  foldGutter,
  syntaxHighlighting,
  HighlightStyle,
} from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, lineNumbers } from "@codemirror/view";
import { useEffect, useRef } from "react";
import { useServices } from "../services.ts";

/** The default style's distinctions in colours that follow the theme: names, texts, the rest. */
const highlight = HighlightStyle.define(
  defaultHighlightStyle.specs.map(({ tag, color }) => ({
    tag,
    color:
      color === "#00f" || color === "#00c" || color === "#219"
        ? "var(--ob-accent)"
        : color === "#a11" || color === "#e40"
          ? "var(--ob-good)"
          : color === "#940"
            ? "var(--ob-dim)"
            : "var(--ob-text)",
  })),
);

const look = EditorView.theme({
  "&": { backgroundColor: "var(--ob-surface)", color: "var(--ob-text)", fontSize: "12.5px" },
  ".cm-scroller": { fontFamily: "var(--ob-mono)", lineHeight: "1.6" },
  ".cm-gutters": {
    backgroundColor: "var(--ob-surface)",
    color: "var(--ob-dim)",
    borderRight: "1px solid var(--ob-border)",
  },
  "&.cm-focused": { outline: "2px solid var(--ob-accent)", outlineOffset: "-2px" },
});

function stateOf(text: string, nonce: string): EditorState {
  return EditorState.create({
    doc: text,
    extensions: [
      ...(nonce === "" ? [] : [EditorView.cspNonce.of(nonce)]),
      EditorState.readOnly.of(true),
      EditorView.editable.of(false),
      EditorView.contentAttributes.of({ "aria-label": "YAML", tabindex: "0" }),
      lineNumbers(),
      foldGutter(),
      yaml(),
      syntaxHighlighting(highlight),
      look,
    ],
  });
}

export function YamlView({ text }: { readonly text: string }) {
  const parent = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const latest = useRef(text);
  const { nonce } = useServices();
  useEffect(() => {
    if (parent.current === null) return;
    const editor = new EditorView({
      parent: parent.current,
      state: stateOf(latest.current, nonce),
    });
    view.current = editor;
    return () => {
      editor.destroy();
    };
  }, [nonce]);
  useEffect(() => {
    latest.current = text;
    const editor = view.current;
    if (editor === undefined || editor.state.doc.toString() === text) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  }, [text]);
  return <div ref={parent} />;
}
