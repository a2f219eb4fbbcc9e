/** Sentences that more than one place says. */
export const WORDS = {
  notHere: "This browser cannot open this file. Choose a JPEG, PNG or WebP picture.",
  heic: "This browser cannot open HEIC photos: open this page in Safari, or save the photo as a JPEG first.",
  noClip: "This file is not a video. Choose an MP4, MOV, MKV or WebM.",
  serverGone: "The studio does not answer. Start it again, or check your connection.",
  refused: "The server in front of the studio did not pass this on. Try again, or ask whoever runs it to look at its log.",
  slow: "This took longer than the server in front of the studio waits. Try again, or choose a smaller size.",
  login: "The server in front of the studio wants a login. Load the page again.",
  offline: "You are offline. Your photo is still here: try again once you are connected.",
  tooLarge: "This file is too large. Choose a smaller one.",
  noCamera: "The camera cannot be used. Allow it in the browser's settings, or choose a photo.",
  choosePhoto: "Choose a photo first.",
  chooseStyle: "Choose a style first.",
};

/** Say how long ago something was. @param {number} seconds */
export function ago(seconds) {
  if (seconds < 60) return "Just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  return `${Math.floor(seconds / 86400)} d ago`;
}

/** Return a name that can stand in a file's name. @param {string} text */
export function plainName(text) {
  return text.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}]+/gu, "_").replace(/^_|_$/g, "").toLowerCase() || "picture";
}
