// What lies in a module's memory. Views are made anew each time: memory that grows leaves old ones empty.

export class Memory {
  /** `instance` is set once the module is instantiated. */
  instance = null;

  get #buffer() {
    return this.instance.exports.memory.buffer;
  }

  /** A view of `size` bytes, good until the module runs again. */
  bytes(at, size) {
    return new Uint8Array(this.#buffer, at, size);
  }

  u32(at) {
    return new DataView(this.#buffer).getUint32(at, true);
  }

  setU32(at, value) {
    new DataView(this.#buffer).setUint32(at, value, true);
  }

  setU64(at, value) {
    new DataView(this.#buffer).setBigUint64(at, value, true);
  }

  /** A `struct galen_bytes`. */
  span(at) {
    return this.bytes(this.u32(at), this.u32(at + 4));
  }

  /** Text that ends with a zero. */
  text(at) {
    const all = new Uint8Array(this.#buffer);
    return new TextDecoder().decode(all.subarray(at, all.indexOf(0, at)));
  }
}
