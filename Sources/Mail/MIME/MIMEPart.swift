import Foundation

/// A part of a mail's body (RFC 2045, 2046).
enum MIMEPart {
    case text(String, subtype: String)
    case inline(InlineImage)
    case multipart(String, [MIMEPart])
}

extension MIMEPart {
    var headers: [HeaderField] {
        switch self {
        case .text(let text, let subtype):
            [
                HeaderField("Content-Type", ["text/\(subtype);", "charset=utf-8"]),
                HeaderField("Content-Transfer-Encoding", [Self.encoding(of: text).rawValue]),
            ]
        case .inline(let image):
            [
                HeaderField("Content-Type", ["image/\(image.kind.rawValue);", "name=logo.\(image.kind.rawValue)"]),
                HeaderField("Content-Transfer-Encoding", [Encoding.base64.rawValue]),
                HeaderField("Content-ID", ["<\(InlineImage.contentID)>"]),
                HeaderField("Content-Disposition", ["inline;", "filename=logo.\(image.kind.rawValue)"]),
            ]
        case .multipart(let subtype, _):
            [HeaderField("Content-Type", ["multipart/\(subtype);", "boundary=\"\(Self.boundary(of: subtype))\""])]
        }
    }

    var content: [UInt8] {
        switch self {
        case .text(let text, _):
            let clean = Self.cleaned(text)
            switch Self.encoding(of: text) {
            case .quotedPrintable: return QuotedPrintable.encode(clean)
            case .base64: return Self.base64(clean.utf8.flatMap { $0 == 10 ? [13, 10] : [$0] })
            }
        case .inline(let image): return Self.base64(image.bytes)
        case .multipart(let subtype, let parts):
            var writer = MIMEWriter()
            for part in parts {
                writer.write("--\(Self.boundary(of: subtype))\r\n")
                writer.write(part)
                writer.write("\r\n")
            }
            writer.write("--\(Self.boundary(of: subtype))--\r\n")
            return writer.bytes
        }
    }

    /// Neither quoted-printable nor base64 can hold `=_`, so no body holds a boundary (RFC 2045, 6.7 recommends such).
    private static func boundary(of subtype: String) -> String { "=_\(subtype)" }

    private enum Encoding: String {
        case quotedPrintable = "quoted-printable"
        case base64
    }

    /// The shorter one: a text in Latin letters stays readable, one in Chinese grows by a third instead of threefold.
    private static func encoding(of text: String) -> Encoding {
        let beyond = text.utf8.count { $0 >= 0x80 }
        return beyond * 6 > text.utf8.count ? .base64 : .quotedPrintable
    }

    /// Lines end with LF; other controls but the tab are gone. By scalars: CR and LF together are one `Character`.
    private static func cleaned(_ text: String) -> String {
        var clean = String.UnicodeScalarView()
        var last: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n" where last == "\r": break
            case "\r", "\n": clean.append("\n")
            case "\t": clean.append(scalar)
            default: if scalar.properties.generalCategory != .control { clean.append(scalar) }
            }
            last = scalar
        }
        return String(clean)
    }

    private static func base64(_ bytes: [UInt8]) -> [UInt8] {
        Array(Data(bytes).base64EncodedData(options: [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed]))
    }
}
