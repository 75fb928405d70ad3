import Foundation
import Records

/// What a command has to say: for people a text, for programs one line of JSON on standard output.
struct Answer {
    var text: String
    var json: JSON

    func print(asJSON: Bool) {
        // Unbuffered: whoever reads through a pipe sees it now.
        FileHandle.standardOutput.write(Data(((asJSON ? json.text : text) + "\n").utf8))
    }
}

/// Rows under headings, columns as wide as their widest word.
struct TextTable {
    let headings: [String]
    var rows: [[String]] = []

    var text: String {
        let all = [headings] + rows
        let widths = headings.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            zip(row, widths).map { $0.padding(toLength: max($1, $0.count), withPad: " ", startingAt: 0) }
                .joined(separator: "  ").replacing(/\s+$/, with: "")
        }.joined(separator: "\n")
    }
}
