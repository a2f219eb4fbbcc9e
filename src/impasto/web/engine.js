/**
 * What paints for the page: the studio's server, or the browser itself. The page asks no further.
 *
 * @typedef {{max_size: number, max_upload: number, camera_size: number, sketch_size?: number, one_pass?: boolean}} Info
 * @typedef {{name: string, title: string, kind: "drawing" | "painting" | "own", description: string, here: boolean, license: string | null, thumbnail: string}} Style
 * @typedef {{name: string, title: string, picture: string, thumbnail?: string}} Example
 * @typedef {{id: string, kind: "picture" | "clip", name: string, width: number, height: number, seconds?: number, thumbnail: string}} Upload
 * @typedef {{name?: string, file?: string, weight?: number, mask?: string, title?: string, thumbnail?: string}} StyleRef
 * @typedef {Record<string, unknown>} Settings
 * @typedef {{content: string, styles: StyleRef[], keep?: string, settings: Settings}} PaintRequest
 * @typedef {{kind: "picture" | "explore" | "batch" | "video" | "tune", content?: string, contents?: string[], clip?: string, styles?: StyleRef[], style?: StyleRef, keep?: string, minutes?: number, stability?: number, settings?: Settings}} RunRequest
 * @typedef {{title: string, thumbnail: string, picture: string, settings?: Settings, error?: string}} Item
 * @typedef {{id: string, state: "waiting" | "running" | "done" | "stopped" | "failed", message: string, done?: number, total?: number | null, fraction?: number | null, preview?: string | null, result?: string | null, history?: string | null, items?: Item[], style?: StyleRef}} RunState
 * @typedef {{id: string, title: string, seconds_ago: number, width: number, height: number, thumbnail: string, picture: string, process: string | null, settings: Settings, command: string, python: string}} Entry
 * @typedef {{content: Upload, styles: StyleRef[], keep?: StyleRef | string | null, settings: Settings}} Opened
 * @typedef {{type?: string | string[], enum?: unknown[], anyOf?: Property[], items?: Property, title?: string, description?: string, default?: unknown, minimum?: number, maximum?: number, "x-group"?: string, "x-methods"?: string[]}} Property
 *
 * @typedef {object} Engine
 * @property {Info} info
 * @property {() => Promise<Style[]>} styles
 * @property {() => Promise<Example[]>} examples
 * @property {() => Promise<{properties: Record<string, Property>}>} settings
 * @property {(file: Blob, name: string, kind?: "clip" | "") => Promise<Upload>} upload  Of a picture that moves, too, a clip is made where that is asked for.
 * @property {(id: string) => string} picture                      Address of an uploaded picture.
 * @property {(id: string, region: string) => Promise<Blob>} [find]  Where a person, the sky or a face is in it: white there.
 * @property {(request: PaintRequest, signal: AbortSignal) => Promise<Blob>} paint
 * @property {(frame: Blob, style: StyleRef, strength: number, signal: AbortSignal) => Promise<Blob>} frame
 * @property {(request: RunRequest) => Promise<RunState>} start
 * @property {(id: string, see: (state: RunState) => void) => void} watch  Until the run has ended.
 * @property {(id: string) => Promise<unknown>} stop
 * @property {() => Promise<Entry[]>} history
 * @property {(id: string) => Promise<Opened>} open
 * @property {(id: string) => string} recipe                       Address of an entry's recipe.
 * @property {(id: string) => Promise<void>} forget
 * @property {(used: Set<string>) => void} release  Let go of uploads and runs but those whose id or address is given.
 * @property {(style: StyleRef) => unknown} warm                     Gets ready to paint in a style.
 */

/** Milliseconds in which a new upload or run is not let go of. */
export const FRESH = 30_000;

/** States of a run in which nothing more happens. */
export const ENDED = ["done", "stopped", "failed"];

/** What went wrong, in a sentence for people. */
export class EngineError extends Error {
  /** @param {string} message @param {number} status of HTTP; 0: the server did not answer */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Whether the same may succeed when it is tried again. @param {unknown} error */
export const isPassing = (error) => error instanceof EngineError && (error.status === 0 || error.status >= 500);
