import Support
import Testing

/// What each check lets pass and what it refuses: against a plain loop, over arrays of more than one run.
@Suite struct RangeChecksTests {
    /// One thread, and two.
    static let checks = [RangeChecks(of: "file"), RangeChecks(of: "file", team: ThreadTeam(size: 2))]
    /// Of a long array: at its ends, and where runs meet.
    static let places = [0, 1, (1 << 17) - 1, 1 << 17, (1 << 17) + 1, 199_998, 199_999]
    static let long = 200_000

    private func refused(_ body: (RangeChecks) throws -> Void) -> Failure? {
        let failures = Self.checks.map { checks in
            do {
                try body(checks)
                return nil as Failure?
            } catch { return error as? Failure }
        }
        #expect(failures[0] == failures[1])
        return failures[0]
    }

    @Test func indices() {
        let numbers = Buffer<Int32>((0..<Int32(Self.long)).map { $0 % 50 })
        #expect(refused { try $0.indices(numbers, of: "a", below: 50) } == nil)
        #expect(refused { try $0.indices(Buffer(count: 0), of: "a", below: 0) } == nil)
        #expect(refused { try $0.indices(Buffer(count: 3), of: "a", below: 0) }?.place == "file: a[0]")
        for place in Self.places {
            for wrong in [50, 51, Int32.max, -1, .min] {
                let before = numbers[place]
                numbers[place] = wrong
                let failure = refused { try $0.indices(numbers, of: "a", below: 50) }
                #expect(failure?.place == "file: a[\(place)]" && failure?.found == "\(wrong)" && failure?.expected == "0…49")
                #expect(failure?.code == .usage)
                #expect((refused { try $0.notNegative(numbers, of: "a") } == nil) == (wrong >= 0))
                numbers[place] = before
            }
        }
    }

    @Test func starts() {
        // Rows of 0, 1 and 2 entries.
        let rows = Self.long
        let starts = Buffer<Int64>(count: rows + 1)
        for row in 0..<rows { starts[row + 1] = starts[row] + Int64(row % 3) }
        let entries = Int(starts[rows])
        func failure() -> Failure? { refused { try $0.starts(starts, of: "s", rows: rows, entries: entries) } }
        #expect(failure() == nil)
        #expect(refused { try $0.starts(Buffer(count: 1), of: "s", rows: 0, entries: 0) } == nil)
        for (count, rows, entries) in [(0, 0, 0), (0, -1, 0), (1, 1, 0), (2, 0, 0), (1, Int.max, 0), (3, 2, 1), (3, 2, -1)] {
            #expect(refused { try $0.starts(Buffer(count: count), of: "s", rows: rows, entries: entries) } != nil)
        }
        for place in Self.places + [rows] {
            for wrong in [-1, Int64.min, .max, Int64(entries) + 1, starts[place] - 3, .max - 1, -starts[place] - 1, 1 << 62] {
                let before = starts[place]
                starts[place] = wrong
                let isSound =
                    starts[0] == 0 && starts[rows] == Int64(entries) && (0..<rows).allSatisfy { starts[$0] <= starts[$0 + 1] }
                #expect((failure() == nil) == isSound, "\(place): \(wrong)")
                starts[place] = before
            }
        }
    }

    /// Two wrong numbers between which differences fit again only by overflow.
    @Test func startsThatOverflow() {
        for (a, b) in [(Int64.max, Int64.min), (.min, .max), (.min, 0), (.max, -1), (1 << 62, -(1 << 62))] {
            #expect(refused { try $0.starts(Buffer([0, a, b, 4]), of: "s", rows: 3, entries: 4) } != nil)
        }
    }

    @Test func ascending() {
        let rows = 60_000, starts = Buffer<Int64>(count: rows + 1)
        for row in 0..<rows { starts[row + 1] = starts[row] + Int64(row % 5) }
        let numbers = Buffer<Int32>(count: Int(starts[rows]))
        for row in 0..<rows {
            for entry in Int(starts[row])..<Int(starts[row + 1]) { numbers[entry] = 2 * Int32(entry) - 2 * Int32(starts[row]) }
        }
        func failure() -> Failure? { refused { try $0.ascending(numbers, of: "a", in: starts) } }
        #expect(failure() == nil)
        for row in [0, 1, 3, 4, 8190, 8191, 8192, 8193, 8194, 8195, 59_998, 59_999] {
            for entry in Int(starts[row])..<Int(starts[row + 1]) {
                for wrong in [numbers[entry] - 2, numbers[entry] + 2, -5, 100] {
                    let before = numbers[entry]
                    numbers[entry] = wrong
                    let isSound = (0..<rows).allSatisfy { row in
                        let own = numbers[Int(starts[row])..<Int(starts[row + 1])]
                        return zip(own, own.dropFirst()).allSatisfy { $0 < $1 }
                    }
                    #expect((failure() == nil) == isSound, "row \(row), entry \(entry): \(wrong)")
                    numbers[entry] = before
                }
            }
        }
        #expect(refused { try $0.ascending(Buffer([1, 2, 2]), of: "a") }?.place == "file: a[2]")
        #expect(refused { try $0.ascending(Buffer(count: 0), of: "a") } == nil)
    }

    @Test func permutations() {
        let numbers = Buffer<Int32>((0..<100).map { ($0 * 37) % 100 })
        #expect(refused { try $0.permutation(numbers, of: "p") } == nil)
        for wrong in [numbers[7], -1, 100] {
            numbers[50] = wrong
            #expect(refused { try $0.permutation(numbers, of: "p") }?.place.hasPrefix("file: p[") == true)
        }
    }
}
