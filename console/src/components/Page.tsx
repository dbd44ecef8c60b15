import { useEffect, type ReactNode } from "react";
import css from "./shell.module.css";

type PageProps = {
  readonly title: string;
  readonly heading?: ReactNode;
  readonly aside?: ReactNode;
  readonly children: ReactNode;
};

/** A page that scrolls as a whole: title, what stands beside it, content. */
export function Page({ title, heading, aside, children }: PageProps) {
  usePageTitle(title);
  return (
    <main id="content" className={css["page"]} tabIndex={-1}>
      <div className={css["pageInner"]}>
        <div className={css["pageHead"]}>
          <div className={css["titleLine"]}>{heading ?? <h1>{title}</h1>}</div>
          {aside}
        </div>
        {children}
      </div>
    </main>
  );
}

export function usePageTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} – Obsyk`;
  }, [title]);
}
