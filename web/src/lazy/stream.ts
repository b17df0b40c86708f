export function openStream(): never { throw new Error(); }
