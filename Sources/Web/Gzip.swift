import CZlib

/// RFC 1952, by zlib.
package enum Gzip {
    package enum Effort: Int32, Sendable {
        /// For what is sent once: most of the gain for a tenth of the time.
        case quick = 2
        /// For what is kept.
        case best = 9
    }

    /// Nil when there is no memory for it.
    package static func compress(_ bytes: [UInt8], _ effort: Effort = .best) -> [UInt8]? {
        var stream = z_stream()
        // 15 bits of window, and 16 more for gzip's frame.
        guard
            deflateInit2_(
                &stream, effort.rawValue, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
                == Z_OK
        else { return nil }
        defer { deflateEnd(&stream) }
        var input = bytes
        var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, uLong(bytes.count))))
        let written: Int? = input.withUnsafeMutableBufferPointer { source in
            output.withUnsafeMutableBufferPointer { target in
                stream.next_in = source.baseAddress
                stream.avail_in = uInt(source.count)
                stream.next_out = target.baseAddress
                stream.avail_out = uInt(target.count)
                return deflate(&stream, Z_FINISH) == Z_STREAM_END ? target.count - Int(stream.avail_out) : nil
            }
        }
        return written.map { Array(output.prefix($0)) }
    }
}
