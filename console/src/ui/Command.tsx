import { ActionIcon, CopyButton } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import css from "./ui.module.css";

type CommandProps = { readonly text: string; readonly label: string };

/** Text to run or keep, with a button that copies it. */
export function Command({ text, label }: CommandProps) {
  return (
    <div className={css["command"]}>
      <pre tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <CopyButton value={text}>
        {({ copied, copy }) => (
          <ActionIcon
            className={css["copy"]}
            variant="subtle"
            color="gray"
            size="sm"
            onClick={copy}
            aria-label={copied ? `Copied: ${label}` : `Copy: ${label}`}
          >
            {copied ? <IconCheck size={15} /> : <IconCopy size={15} />}
          </ActionIcon>
        )}
      </CopyButton>
    </div>
  );
}
