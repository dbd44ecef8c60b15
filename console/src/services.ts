/** What every page may need from outside, handed down once by main.tsx. */
import type { QueryClient } from "@tanstack/react-query";
import { createContext, use } from "react";
import type { Api } from "./api/client.ts";
import type { PlatformClock } from "./clock.ts";

export type Services = {
  readonly api: Api;
  readonly clock: PlatformClock;
  readonly queryClient: QueryClient;
  /** Of the page's response (content security policy); empty in development. */
  readonly nonce: string;
};

export const ServicesContext = createContext<Services | undefined>(undefined);

export function useServices(): Services {
  const services = use(ServicesContext);
  if (services === undefined)
    throw new Error("useServices: no ServicesContext above this component");
  return services;
}
