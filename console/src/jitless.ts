/** Must be imported before any schema: the content security policy forbids code made from strings. */
import { z } from "zod";

z.config({ jitless: true });
