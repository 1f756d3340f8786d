import type { Address } from "../../address/address.ts";
import { ObjectTooLargeError } from "../../errors/store-errors.ts";
import { visibleLine } from "../../errors/visible-text.ts";
import { internalPath, LEASES_FOLDER } from "../../store/internal-folder.ts";
import type { Store, StorePath } from "../../store/store.ts";
import { sha256Hex } from "../../util/digest/sha256.ts";
import { fieldsOf } from "../../util/fields-of.ts";
import { isCount, tryParseJson } from "../../util/json/checks.ts";
import { randomHex } from "../../util/random-hex.ts";
import type { ProcessIdentity } from "./process-identity.ts";

/*
 * The layout of claims in a store. The first one on an address is the file `<address>`. A claim is
 * never overwritten, and only its owner removes it: a process that finds the owner dead outbids the
 * claim, by creating `<address>.<token of the dead claim>`. So claims form a chain, and each link
 * was created exclusively; the process that made the last link holds the lease, and may remove the
 * whole chain.
 *
 * Links are named by the random token of the claim that they outbid, not by a number: a slow
 * process that outbids a claim which was replaced long ago makes a file that no chain leads to, and
 * notices it. Nothing has to be listed, and nothing is ever used twice.
 */

/** Identifies the owner of a lease, for messages and to find out whether it still runs. */
export interface LeaseOwner extends ProcessIdentity {
  /** The time by the owner's clock, for people; nothing is decided by it. */
  readonly claimedAt: string;
}

/** One file of a chain. */
export interface Claim {
  readonly path: StorePath;
  /** The next claim has this token in its name. */
  readonly token: string;
  /** Undefined if the file is damaged, or was written by a newer release. */
  readonly owner: LeaseOwner | undefined;
  /** Changes with each beat of the owner. */
  readonly beat: string;
}

/**
 * The claims on an address; each one outbids the one before it. The owner of the last one holds the
 * lease.
 */
export type ClaimChain = readonly Claim[];

const LEASE_VERSION = 1;
export const MAX_CLAIM_BYTES = 4096;
const TOKEN_DIGITS = 16;
const BEAT_DIGITS = 12;

/** Returns the folder of all claims. */
export function leaseFolder(): StorePath {
  return internalPath(LEASES_FOLDER);
}

export function firstClaimPath(address: Address): StorePath {
  return internalPath(LEASES_FOLDER, address);
}

/** Returns the path of the one claim that outbids the claim with this token. */
export function outbiddingPath(address: Address, token: string): StorePath {
  return internalPath(LEASES_FOLDER, `${address}.${token}`);
}

/** Creates a token that is never used again. */
export function newToken(): string {
  return randomHex(TOKEN_DIGITS / 2);
}

/** Encodes the part of a claim that never changes; the beat follows it. */
export function encodeClaimHead(token: string, owner: LeaseOwner): string {
  return `${JSON.stringify({ lease: LEASE_VERSION, token, ...owner })}\n`;
}

/** Encodes a beat, always with the same length, so that it can overwrite the one before. */
export function encodeBeat(count: number): string {
  return `${String(count).padStart(BEAT_DIGITS, "0")}\n`;
}

/** Reads every claim on an address, from the first to the one that holds the lease. */
export async function readClaimChain(store: Store, address: Address): Promise<ClaimChain> {
  const chain: Claim[] = [];
  const seen = new Set<string>();
  let path = firstClaimPath(address);
  for (;;) {
    const claim = await readClaim(store, path);
    if (claim === undefined) return chain;
    // Chains that form a loop were not written by this library, and must not keep the reader busy.
    if (seen.has(claim.token)) return chain;
    seen.add(claim.token);
    chain.push(claim);
    path = outbiddingPath(address, claim.token);
  }
}

/** Reads one claim; returns undefined if there is none. */
export async function readClaim(store: Store, path: StorePath, signal?: AbortSignal): Promise<Claim | undefined> {
  const text = await readText(store, path, signal);
  if (text === undefined) return undefined;
  const end = text.indexOf("\n") + 1;
  const known = parseClaimHead(text.slice(0, end));
  if (known !== undefined) return { path, ...known, beat: text.slice(end) };
  // The claim is unreadable, perhaps from a newer release: any change of the file counts as a beat.
  const token = sha256Hex(`${path}\n${text}`).slice(0, TOKEN_DIGITS);
  const entry = await store.stat(path);
  return { path, token, owner: undefined, beat: `${entry?.modifiedMs} ${entry?.sizeBytes}` };
}

async function readText(store: Store, path: StorePath, signal: AbortSignal | undefined): Promise<string | undefined> {
  let bytes: Uint8Array | undefined | "too-large";
  if (store.sync !== undefined) bytes = store.sync.readShared(path, MAX_CLAIM_BYTES);
  else {
    try {
      bytes = await store.read(path, { maxBytes: MAX_CLAIM_BYTES, signal });
    } catch (error) {
      if (!(error instanceof ObjectTooLargeError)) throw error;
      bytes = "too-large";
    }
  }
  return typeof bytes === "object" ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString() : bytes;
}

function parseClaimHead(line: string): { readonly token: string; readonly owner: LeaseOwner } | undefined {
  const { lease, token, host, pid, startedAt, bootId, pidNamespace, claimedAt } = fieldsOf(tryParseJson(line));
  if (lease !== LEASE_VERSION || typeof token !== "string" || !/^[0-9a-f]{16}$/.test(token)) return undefined;
  if (!isShortText(host) || !isShortText(claimedAt) || !isCount(pid) || pid === 0) return undefined;
  return {
    token,
    owner: {
      host: visibleLine(host),
      pid,
      ...(isShortText(startedAt) ? { startedAt } : {}),
      ...(isShortText(bootId) ? { bootId } : {}),
      ...(isShortText(pidNamespace) ? { pidNamespace } : {}),
      claimedAt: visibleLine(claimedAt),
    },
  };
}

/** People see the text, so it must not move their cursor. */
function isShortText(value: unknown): value is string {
  return typeof value === "string" && /^[^\p{Cc}]{1,255}$/u.test(value);
}

/*
 * An ended claim is one whose owner is done and may not remove it: a program may have the right to
 * write to a bucket and not to remove anything. Other processes must not take it for the claim of
 * an owner that works.
 */

/**
 * The text is as long as a beat, so that it can overwrite one; earlier releases take it for the
 * last beat.
 */
const ENDED = "end of work ";

/** Encodes the text that follows the head of a claim that is over. */
export function encodeEnd(): string {
  return `${ENDED}\n`;
}

/**
 * The tokens of this process's claims that are over: it knows them even if it may not overwrite the
 * claims.
 */
const endedTokens = new Set<string>();

/** Records that the owner of a claim, a lease of this process, is done. */
export function recordEnded(token: string): void {
  endedTokens.add(token);
}

/** Returns whether the owner of a claim has said that it is done. */
export function isEnded({ token, beat }: Claim): boolean {
  return beat.startsWith(ENDED) || endedTokens.has(token);
}
