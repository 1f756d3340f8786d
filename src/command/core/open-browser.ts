import { spawn } from "node:child_process";

/** Whether a browser can be shown to the user who reads the output. */
export function hasDesktop(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): boolean {
  // Over SSH, a browser would open on the other machine.
  if (env.SSH_CONNECTION !== undefined || env.CI !== undefined) return false;
  if (platform === "darwin" || platform === "win32") return true;
  return [env.DISPLAY, env.WAYLAND_DISPLAY, env.WSL_DISTRO_NAME].some((value) => value !== undefined && value !== "");
}

/** The program with which a system opens an address, and its arguments. */
export function browserCommand(url: string, platform: NodeJS.Platform): readonly [program: string, ...string[]] {
  if (platform === "darwin") return ["open", url];
  // `start` is a part of cmd, which would act on the `&` of an address.
  if (platform === "win32") return ["rundll32", "url.dll,FileProtocolHandler", url];
  return ["xdg-open", url];
}

/** Opens an address in the browser of the user. Where there is none, nothing happens. */
export function openBrowser(url: string): void {
  const [program, ...args] = browserCommand(url, process.platform);
  const child = spawn(program, args, { stdio: "ignore", detached: true });
  child.once("error", () => {});
  child.unref();
}
