import { ActionIcon, Menu, Tooltip, useMantineColorScheme } from "@mantine/core";
import {
  IconChevronDown,
  IconDeviceDesktop,
  IconLogout,
  IconMoon,
  IconSettings,
  IconSun,
  IconUserCircle,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { clustersQuery, sessionQuery, signOut } from "../api/queries.ts";
import type { LiveState } from "../logic/live-link.ts";
import type { Tone } from "@obsyk/contract/printer";
import { paths } from "../paths.ts";
import { useServices } from "../services.ts";
import { Logo } from "../ui/Logo.tsx";
import { Status } from "../ui/Status.tsx";
import { clusterWords } from "./cluster-words.ts";
import css from "./shell.module.css";

export function AppHeader({ live }: { readonly live: LiveState }) {
  return (
    <header className={css["header"]}>
      <Link {...paths.clusters()} className={css["brand"]}>
        <Logo sizePx={24} />
        <span>Obsyk</span>
      </Link>
      <ClusterSwitcher />
      <Link {...paths.findings()} className={css["headerLink"]}>
        Findings
      </Link>
      <div className={css["spacer"]} />
      <LiveIndicator state={live} />
      <ThemeSwitch />
      <SessionMenu />
    </header>
  );
}

function ClusterSwitcher() {
  const { api } = useServices();
  const navigate = useNavigate();
  const { clusterId } = useParams({ strict: false });
  const { data } = useQuery(clustersQuery(api));
  const current = data?.find((cluster) => cluster.id === clusterId);
  const label = current?.name ?? (clusterId === undefined ? "All clusters" : "…");
  return (
    <Menu position="bottom-start" withinPortal={false} shadow="md" width={260}>
      <Menu.Target>
        <button type="button" className={css["switcher"]} aria-label={`Cluster: ${label}`}>
          <span className={css["ellipsis"]}>{label}</span>
          <IconChevronDown size={14} aria-hidden />
        </button>
      </Menu.Target>
      <Menu.Dropdown className={css["switcherList"]}>
        <Menu.Item component={Link} {...paths.clusters()}>
          All clusters
        </Menu.Item>
        <Menu.Divider />
        {data?.map((cluster) => (
          <Menu.Item
            key={cluster.id}
            onClick={() => {
              void navigate(paths.cluster(cluster.id));
            }}
          >
            <span className={css["switcherItem"]}>
              <span className={css["ellipsis"]}>{cluster.name}</span>
              <Status {...clusterWords[cluster.state]} />
            </span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

const liveWords: Readonly<
  Record<LiveState, { readonly text: string; readonly tone: Tone; readonly hint: string }>
> = {
  live: { text: "Live", tone: "good", hint: "Changes appear by themselves." },
  connecting: { text: "Connecting", tone: "muted", hint: "Opening the live channel." },
  lost: {
    text: "Reconnecting",
    tone: "bad",
    hint: "The live channel is lost: see the as-of times for how old each view is.",
  },
};

function LiveIndicator({ state }: { readonly state: LiveState }) {
  const { text, tone, hint } = liveWords[state];
  return (
    <Tooltip label={hint}>
      <span className={css["live"]} role="status" aria-label={`Live updates: ${text}`}>
        <Status text={text} tone={tone} />
      </span>
    </Tooltip>
  );
}

const schemes = [
  { value: "auto", text: "Follow the system", Icon: IconDeviceDesktop },
  { value: "light", text: "Light", Icon: IconSun },
  { value: "dark", text: "Dark", Icon: IconMoon },
] as const;

function ThemeSwitch() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const index = schemes.findIndex(({ value }) => value === colorScheme);
  const current = schemes[index] ?? schemes[0];
  const next = schemes[(index + 1) % schemes.length] ?? schemes[0];
  return (
    <Tooltip label={`Theme: ${current.text}`}>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`Theme: ${current.text}. Change to: ${next.text}`}
        onClick={() => {
          setColorScheme(next.value);
        }}
      >
        <current.Icon size={18} stroke={1.6} />
      </ActionIcon>
    </Tooltip>
  );
}

function SessionMenu() {
  const { api, queryClient } = useServices();
  const navigate = useNavigate();
  const { data } = useQuery(sessionQuery(api));
  const leave = async (): Promise<void> => {
    await signOut(api);
    await navigate(paths.signIn());
    queryClient.clear();
  };
  return (
    <Menu position="bottom-end" withinPortal={false} shadow="md" width={230}>
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label="Session">
          <IconUserCircle size={20} stroke={1.6} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          {data?.person.name ?? "…"}, {data?.person.role ?? ""} of {data?.org.name ?? "…"}
        </Menu.Label>
        <Menu.Item
          component={Link}
          {...paths.settings()}
          leftSection={<IconSettings size={15} aria-hidden />}
        >
          Settings
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={15} />} onClick={() => void leave()}>
          Sign out
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label>Obsyk {data?.version ?? ""}</Menu.Label>
      </Menu.Dropdown>
    </Menu>
  );
}
