/// Columns of text for a terminal: the first is set left, the others right.
public struct TextTable {
    public var header: [String]
    public var rows: [[String]]

    public init(header: [String], rows: [[String]]) {
        (self.header, self.rows) = (header, rows)
    }

    public var text: String {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { cells in
            let padded = cells.indices.map { i in
                let space = String(repeating: " ", count: widths[i] - cells[i].count)
                return i == 0 ? cells[i] + space : space + cells[i]
            }
            return padded.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
