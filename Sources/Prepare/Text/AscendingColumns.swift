/// Sorts the columns of one text. With sub-words a text has hundreds, and a comparison sort is then most of the work.
enum AscendingColumns {
    private static let digitBits = 9
    private static let digits = 1 << digitBits

    /// - Parameter limit: larger than all of `columns`.
    static func sorted(_ columns: [Int32], below limit: Int) -> [Int32] {
        columns.count < 100 ? columns.sorted() : radix(columns, limit)
    }

    /// Least significant digit first, nine bits at a time: a table of counts stays in the first-level cache.
    private static func radix(_ columns: [Int32], _ limit: Int) -> [Int32] {
        var from = columns
        var into = columns
        var shift = 0
        while limit >> shift > 0 {
            withUnsafeTemporaryAllocation(of: Int32.self, capacity: digits) { next in
                next.initialize(repeating: 0)
                for column in from { next[Int(column) >> shift & (digits - 1)] += 1 }
                var sum: Int32 = 0
                for digit in 0..<digits { (next[digit], sum) = (sum, sum + next[digit]) }
                into.withUnsafeMutableBufferPointer { into in
                    for column in from {
                        let digit = Int(column) >> shift & (digits - 1)
                        into[Int(next[digit])] = column
                        next[digit] += 1
                    }
                }
            }
            swap(&from, &into)
            shift += digitBits
        }
        return from
    }
}
