/// Checks of the numbers that a file brings and by which others are found: rows' starts, columns, labels. They are made once, when the
/// file is opened; who reads the numbers then need not look.
///
/// Checksums find accidents. A file may be a stranger's, though, who can compute them (SECURITY.md).
///
/// Each check goes through an array once, in runs that a thread takes one after the other, without a branch for an element.
public struct RangeChecks: Sendable {
    /// Named in messages.
    private let file: String
    /// nil: the caller's thread does it.
    private let team: ThreadTeam?
    /// Elements that are looked at between two questions.
    private static let run = 1 << 17

    public init(of file: String, team: ThreadTeam? = nil) { (self.file, self.team) = (file, team) }

    /// - Throws: `Failure(.usage)` where an array has another number of elements than belong there.
    public func count(_ found: Int, of array: String, is expected: Int) throws {
        guard found == expected else { throw refusal(array, nil, found: "\(found) elements", expected: "\(expected)") }
    }

    /// - Throws: `Failure(.usage)` unless all numbers are 0 ..< bound.
    public func indices(_ numbers: Buffer<Int32>, of array: String, below bound: Int) throws {
        let wrong = firstRun(numbers.count, Self.run) { range in
            var largest: UInt32 = 0
            // Negative ones are the largest of all, seen so.
            for i in range { largest = max(largest, UInt32(bitPattern: numbers.pointer[i])) }
            return largest < UInt32(clamping: bound)
        }
        guard let wrong, let place = wrong.first(where: { !(0..<bound).contains(Int(numbers[$0])) }) else { return }
        throw refusal(
            array, place, found: "\(numbers[place])", expected: bound > 0 ? "0…\(bound - 1)" : "an array without elements")
    }

    /// - Throws: `Failure(.usage)` where a number is negative.
    public func notNegative(_ numbers: Buffer<Int32>, of array: String) throws {
        try indices(numbers, of: array, below: Int(Int32.max) + 1)
    }

    /// Where rows begin among `entries` entries: rows + 1 numbers that begin with 0, never fall, and end with `entries`.
    ///
    /// - Throws: `Failure(.usage)` where they do not.
    public func starts(_ starts: Buffer<Int64>, of array: String, rows: Int, entries: Int) throws {
        guard rows >= 0, starts.count - 1 == rows else {
            throw refusal(array, nil, found: "\(starts.count) elements", expected: "\(rows) and one")
        }
        guard starts[0] == 0 else { throw refusal(array, 0, found: "\(starts[0])", expected: "0") }
        guard starts[rows] == Int64(entries) else {
            throw refusal(array, rows, found: "\(starts[rows])", expected: "\(entries), the number of entries")
        }
        let wrong = firstRun(rows, Self.run) { range in
            // Its sign tells: numbers that are not negative have differences that fit.
            var all: Int64 = 0
            for i in range { all |= starts.pointer[i + 1] | (starts.pointer[i + 1] &- starts.pointer[i]) }
            return all >= 0
        }
        guard let wrong, let row = wrong.first(where: { starts[$0 + 1] < max(0, starts[$0]) }) else { return }
        throw refusal(array, row + 1, found: "\(starts[row + 1])", expected: "\(starts[row]) or more, as before it")
    }

    /// - Parameter starts: of the rows; they were checked.
    /// - Throws: `Failure(.usage)` where the numbers of a row do not ascend.
    public func ascending(_ numbers: Buffer<Int32>, of array: String, in starts: Buffer<Int64>) throws {
        let wrong = firstRun(starts.count - 1, Self.run / 16) { rows in
            let from = Int(starts.pointer[rows.lowerBound]), to = Int(starts.pointer[rows.upperBound])
            // Falls are only where one row ends and the next begins: as many there as there are in all.
            var falls = 0, last = from
            if to - from > 1 {
                for i in from + 1..<to { falls += numbers.pointer[i] <= numbers.pointer[i - 1] ? 1 : 0 }
            }
            for row in rows {
                let start = Int(starts.pointer[row])
                if start == last || start == to { continue }
                falls -= numbers.pointer[start] <= numbers.pointer[start - 1] ? 1 : 0
                last = start
            }
            return falls == 0
        }
        for row in wrong ?? 0..<0 {
            let own = Int(starts[row])..<Int(starts[row + 1])
            guard let place = own.dropFirst().first(where: { numbers[$0] <= numbers[$0 - 1] }) else { continue }
            throw refusal(array, place, found: "\(numbers[place])", expected: "more than the \(numbers[place - 1]) before it")
        }
    }

    /// - Throws: `Failure(.usage)` where the numbers do not ascend.
    public func ascending(_ numbers: Buffer<Int32>, of array: String) throws {
        try ascending(numbers, of: array, in: Buffer([0, Int64(numbers.count)]))
    }

    /// - Throws: `Failure(.usage)` unless each number from 0 to their count, without that, is there once.
    public func permutation(_ numbers: Buffer<Int32>, of array: String) throws {
        try indices(numbers, of: array, below: numbers.count)
        let isSeen = Buffer<Bool>(count: numbers.count)
        for place in 0..<numbers.count {
            if isSeen[Int(numbers[place])] {
                throw refusal(array, place, found: "\(numbers[place]) for the second time", expected: "each number once")
            }
            isSeen[Int(numbers[place])] = true
        }
    }

    /// What is told of a number.
    ///
    /// - Parameter place: nil: the array as a whole is meant.
    public func refusal(_ array: String, _ place: Int?, found: String, expected: String) -> Failure {
        Failure(
            .usage, "a number that is out of range", at: "\(file): \(array)" + (place.map { "[\($0)]" } ?? ""), found: found,
            expected: expected,
            advice: "use another copy of the file: this one was made or changed by something else than this program")
    }

    /// The first of the runs of `0..<count` that is not sound.
    private func firstRun(
        _ count: Int, _ length: Int, _ isSound: @escaping @Sendable (Range<Int>) -> Bool
    ) -> Range<Int>? {
        let runs = (max(count, 0) + length - 1) / length, isWrong = Buffer<Bool>(count: runs)
        @Sendable func range(_ run: Int) -> Range<Int> { run * length..<min((run + 1) * length, count) }
        @Sendable func look(_ run: Int) { isWrong[run] = !isSound(range(run)) }
        if let team { team.forEach(runs, look) } else { (0..<runs).forEach(look) }
        return (0..<runs).first { isWrong[$0] }.map(range)
    }
}
