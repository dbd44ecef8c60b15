import type { Tone } from "@obsyk/contract/printer";
import css from "./ui.module.css";

type StatusProps = {
  readonly text: string;
  readonly tone?: Tone | undefined;
  readonly pill?: true;
};

/** A word with a coloured dot: the word alone says it too. */
export function Status({ text, tone = "muted", pill }: StatusProps) {
  return (
    <span className={[css["badge"], css[tone], pill && css["pill"]].filter(Boolean).join(" ")}>
      <span className={css["dot"]} aria-hidden />
      {text}
    </span>
  );
}
