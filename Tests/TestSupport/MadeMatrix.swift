import Support

/// A matrix of the entries for which `value` says something.
public func made(rows: Int, cols: Int, binary: Bool = false, _ value: (Int, Int) -> Float?) -> CSRMatrix {
    var lists: [[(Int32, Float)]] = []
    for row in 0..<rows {
        var list: [(Int32, Float)] = []
        for col in 0..<cols { if let v = value(row, col) { list.append((Int32(col), v)) } }
        lists.append(list)
    }
    return CSRMatrix(cols: cols, rows: lists, binary: binary)
}
