import { useId, type ReactNode } from "react";
import css from "./ui.module.css";

type CardProps = {
  readonly title: string;
  readonly aside?: ReactNode;
  /** Without padding, for tables that reach the edge. */
  readonly flush?: true;
  readonly children: ReactNode;
};

export function Card({ title, aside, flush, children }: CardProps) {
  const id = useId();
  return (
    <section className={css["card"]} aria-labelledby={id}>
      <div className={css["cardHead"]}>
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      <div className={flush ? css["scroll"] : css["cardBody"]}>{children}</div>
    </section>
  );
}
