import Foundation

/// A mail as it came in, or a part of one, taken apart as far as it can be: reports come from every kind of program, so nothing here refuses.
struct ReceivedPart {
    let headers: HeaderGroup
    let body: ArraySlice<UInt8>

    init(_ raw: ArraySlice<UInt8>) {
        let lines = RawLines(raw)
        let end = lines.ranges.firstIndex { lines.isEmpty($0) }
        headers = HeaderGroup(lines.ranges[..<(end ?? lines.ranges.count)].map(lines.text))
        body = end.map { $0 + 1 < lines.ranges.count ? raw[lines.ranges[$0 + 1].lowerBound...] : [] } ?? []
    }

    /// In lower case, as in `multipart/report`.
    var type: String { headers["content-type"].map { HeaderGroup.head($0).lowercased() } ?? "text/plain" }

    /// This part and all within it, outermost first. Mails within mails are not opened: they are what is reported about.
    func all(depth: Int = 0) -> [ReceivedPart] {
        guard type.hasPrefix("multipart/"), depth < 8 else { return [self] }
        return [self] + parts.flatMap { $0.all(depth: depth + 1) }
    }

    private var parts: [ReceivedPart] {
        guard let boundary = headers["content-type"].flatMap({ HeaderGroup.parameter("boundary", in: $0) }), !boundary.isEmpty else {
            return []
        }
        let lines = RawLines(body)
        let marker = "--" + boundary
        var starts: [Int] = []
        var parts: [ReceivedPart] = []
        for (number, range) in lines.ranges.enumerated() where lines.begins(range, with: marker) {
            let line = lines.text(range).trimmingCharacters(in: .whitespaces)
            guard line == marker || line == marker + "--" else { continue }
            if let start = starts.last { parts.append(ReceivedPart(lines.slice(start + 1, number))) }
            if line != marker { return parts }
            starts.append(number)
        }
        // The end is often missing: reports are cut at some size.
        if let start = starts.last { parts.append(ReceivedPart(lines.slice(start + 1, lines.ranges.count))) }
        return parts
    }

    /// The body as text, decoded.
    var text: String { String(decoding: decoded, as: UTF8.self) }

    /// The mail or the headers that this part quotes.
    var quoted: ReceivedPart { ReceivedPart(decoded[...]) }

    private var decoded: [UInt8] {
        switch headers["content-transfer-encoding"]?.trimmingCharacters(in: .whitespaces).lowercased() {
        case "base64": Data(base64Encoded: Data(body), options: .ignoreUnknownCharacters).map(Array.init) ?? Array(body)
        case "quoted-printable": QuotedPrintable.decode(body)
        default: Array(body)
        }
    }
}
