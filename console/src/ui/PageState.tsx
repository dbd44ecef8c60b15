import type { ReactNode } from "react";
import css from "./ui.module.css";

type PageStateProps = {
  readonly title: string;
  readonly children?: ReactNode;
  readonly actions?: ReactNode;
  readonly icon?: ReactNode;
  readonly alert?: true;
};

/** What stands where content would: nothing there yet, nothing found, or something failed. */
export function PageState({ title, children, actions, icon, alert }: PageStateProps) {
  return (
    <div className={css["state"]} role={alert ? "alert" : "status"}>
      {icon}
      <h2>{title}</h2>
      {children}
      {actions !== undefined && <div className={css["actions"]}>{actions}</div>}
    </div>
  );
}
