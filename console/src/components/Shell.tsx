import { Outlet } from "@tanstack/react-router";
import { AppHeader } from "./AppHeader.tsx";
import css from "./shell.module.css";
import { useLive } from "./use-live.ts";

/** What every page behind the sign-in stands in. */
export function Shell() {
  const live = useLive();
  return (
    <div className={css["shell"]}>
      <a className={css["skip"]} href="#content">
        Skip to content
      </a>
      <AppHeader live={live} />
      <Outlet />
    </div>
  );
}
