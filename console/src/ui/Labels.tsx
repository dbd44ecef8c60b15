import css from "./ui.module.css";

export function Labels({ labels }: { readonly labels: readonly (readonly [string, string])[] }) {
  if (labels.length === 0) return <span className={css["muted"]}>&lt;none&gt;</span>;
  return (
    <div className={css["labels"]}>
      {labels.map(([key, value]) => (
        <span key={key} className={css["label"]}>
          {key}={value}
        </span>
      ))}
    </div>
  );
}
