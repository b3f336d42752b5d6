import DeepXMLModel
import Devices
import Support
import Testing

/// Unit vectors around `groups` centres, as documents of topics are.
func clusteredRows(_ rows: Int, dims: Int, groups: Int, seed: UInt64) -> DenseMatrix {
    var g = Generator(state: seed)
    let centres = (0..<groups * dims).map { _ in g.uniform() * g.uniform() }
    let matrix = DenseMatrix(rows: rows, cols: dims)
    for r in 0..<rows {
        let centre = g.below(groups)
        for d in 0..<dims { matrix[r, d] = max(0, centres[centre * dims + d] + 0.5 * (g.uniform() - 0.5)) }
    }
    let unit = matrix.tensor
    cpu.makeUnitRows(unit)
    return unit.host
}

/// A copy of some rows.
func slice(_ matrix: DenseMatrix, _ rows: Range<Int>) -> DenseMatrix {
    let part = DenseMatrix(rows: rows.count, cols: matrix.cols)
    part.pointer.update(from: matrix.row(rows.lowerBound), count: rows.count * matrix.cols)
    return part
}

/// The inner product in double precision.
func product(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ dims: Int) -> Double {
    (0..<dims).reduce(0) { $0 + Double(a[$1]) * Double(b[$1]) }
}

/// Ids and bits of the scores.
func bits(_ lists: TopK) -> [UInt64] {
    zip(lists.indices.array, lists.scores.array).map { UInt64(UInt32(bitPattern: $0)) << 32 | UInt64($1.bitPattern) }
}

@Suite struct SearchExactTests {
    /// Sizes around the tiles (12 and 96 queries, 32 and 256 vectors), and dims that no vector width divides.
    @Test(arguments: [(1, 1, 1, 1), (13, 33, 7, 5), (97, 257, 30, 20), (100, 1000, 300, 400), (5, 600, 64, 600)])
    func isBruteForce(queries: Int, rows: Int, dims: Int, k: Int) throws {
        let database = clusteredRows(rows, dims: dims, groups: 9, seed: 1)
        let asked = clusteredRows(queries, dims: dims, groups: 9, seed: 2)
        let found = try exactTopK(database, firstId: 1000, queries: asked, k: k, team: ThreadTeam(size: 2))
        for q in 0..<queries {
            let products = (0..<rows).map { product(asked.row(q), database.row($0), dims) }
            let best = products.sorted(by: >).prefix(k)
            #expect(found.count(q) == best.count)
            let ids = found.ids(q).map { Int($0) - 1000 }
            #expect(Set(ids).count == ids.count)
            let wrong = zip(zip(ids, found.scores(q)), best).filter { entry, want in
                abs(Double(entry.1) - products[entry.0]) > 2e-6 || abs(products[entry.0] - want) > 2e-6
            }
            #expect(wrong.isEmpty)
            #expect(zip(found.scores(q), found.scores(q).dropFirst()).allSatisfy { $0 >= $1 })
        }
    }

    @Test func tiesGoToTheSmallerId() throws {
        let database = DenseMatrix(rows: 900, cols: 3)
        for r in 0..<900 { database[r, r % 5 == 0 ? 0 : 1] = 1 }
        let asked = DenseMatrix(rows: 1, cols: 3)
        asked[0, 0] = 0.8
        asked[0, 1] = 0.6
        let found = try exactTopK(database, queries: asked, k: 250, team: ThreadTeam(size: 1))
        let expected = Array(stride(from: 0, to: 900, by: 5)) + (0..<900).filter { $0 % 5 != 0 }.prefix(70)
        #expect(found.ids(0).map(Int.init) == expected)
    }

    @Test func minusZeroIsZero() throws {
        let database = DenseMatrix(rows: 40, cols: 1)
        for r in 0..<40 { database[r, 0] = r % 2 == 0 ? -0.0 : 0 }
        let asked = DenseMatrix(rows: 1, cols: 1)
        asked[0, 0] = 1
        let found = try exactTopK(database, queries: asked, k: 30, team: ThreadTeam(size: 1))
        #expect(found.ids(0).map(Int.init) == Array(0..<30))
    }

    @Test func nanIsNoNeighbour() throws {
        let database = clusteredRows(300, dims: 8, groups: 3, seed: 3)
        database[7, 2] = .nan
        let found = try exactTopK(database, queries: database, k: 300, team: ThreadTeam(size: 1))
        #expect(found.count(0) == 299 && !found.ids(0).contains(7))
        #expect(found.count(7) == 0)
    }

    /// Threads, slices of the queries and shards of the database: the same bits.
    @Test func everyCutGivesTheSame() throws {
        let database = clusteredRows(1501, dims: 100, groups: 20, seed: 4)
        let asked = clusteredRows(403, dims: 100, groups: 20, seed: 5)
        let whole = bits(try exactTopK(database, queries: asked, k: 100, team: ThreadTeam(size: 1)))
        for threads in [2, 3, 7] {
            let team = ThreadTeam(size: threads)
            #expect(bits(try exactTopK(database, queries: asked, k: 100, team: team)) == whole)
            for cut in [1, 250, 1499] {
                let lists = try [0..<cut, cut..<1501].map { rows in
                    try exactTopK(slice(database, rows), firstId: rows.lowerBound, queries: asked, k: 100, team: team)
                }
                #expect(bits(CPUDevice(team: team).merge(lists, k: 100)) == whole)
            }
            for cut in [1, 100, 397] {
                let parts = try [0..<cut, cut..<403].flatMap { rows in
                    bits(try exactTopK(database, queries: slice(asked, rows), k: 100, team: team))
                }
                #expect(parts == whole)
            }
        }
    }

    @Test func emptySides() throws {
        let some = clusteredRows(5, dims: 4, groups: 2, seed: 6)
        let none = DenseMatrix(rows: 0, cols: 4)
        let team = ThreadTeam(size: 2)
        #expect(try exactTopK(some, queries: none, k: 3, team: team).rows == 0)
        let found = try exactTopK(none, queries: some, k: 3, team: team)
        #expect(found.indices.array == [Int32](repeating: -1, count: 15))
        #expect(found.scores.array.allSatisfy { $0 == -.infinity })
    }
}

@Suite struct SearchGraphTests {
    private let settings = GraphSettings(M: 32, efC: 100, efS: 150)

    private func recall(_ found: TopK, _ exact: TopK) -> Double {
        var hits = 0
        var all = 0
        for q in 0..<exact.rows {
            hits += Set(found.ids(q)).intersection(exact.ids(q)).count
            all += exact.count(q)
        }
        return Double(hits) / Double(all)
    }

    @Test(arguments: [1, 3]) func findsNearlyAll(parts: Int) throws {
        let team = ThreadTeam(size: 2)
        let database = clusteredRows(3000, dims: 64, groups: 60, seed: 7)
        let asked = clusteredRows(300, dims: 64, groups: 60, seed: 8)
        let graph = try CPUDevice(team: team).graphSearch(
            over: database.tensor, firstId: 50, settings: settings, parts: parts, seed: 1)
        let found = try graph.topK(queries: asked.tensor, k: 50)
        let exact = try exactTopK(database, firstId: 50, queries: asked, k: 50, team: team)
        #expect(recall(found, exact) >= 0.95)
        for q in 0..<300 {
            #expect(zip(found.scores(q), found.scores(q).dropFirst()).allSatisfy { $0 >= $1 })
            for (id, score) in zip(found.ids(q), found.scores(q)) {
                #expect(abs(Double(score) - product(asked.row(q), database.row(Int(id) - 50), 64)) < 1e-5)
            }
        }
    }

    @Test func threadsDoNotMatter() throws {
        let database = clusteredRows(1200, dims: 20, groups: 30, seed: 9)
        let results = try [1, 2, 4].map { threads in
            let device = CPUDevice(team: ThreadTeam(size: threads))
            let graph = try device.graphSearch(over: database.tensor, firstId: 0, settings: settings, parts: 2, seed: 1)
            return bits(try graph.topK(queries: database.tensor, k: 20))
        }
        #expect(results[0] == results[1] && results[0] == results[2])
    }

    @Test func smallSides() throws {
        let three = clusteredRows(3, dims: 5, groups: 2, seed: 10)
        let none = DenseMatrix(rows: 0, cols: 5)
        let graph = try cpu.graphSearch(
            over: three.tensor, firstId: 0, settings: .init(M: 1, efC: 1, efS: 1), parts: 8, seed: 1)
        let found = try graph.topK(queries: three.tensor, k: 10)
        #expect((0..<3).allSatisfy { found.count($0) == 3 && found.ids($0)[0] == Int32($0) })
        #expect(try graph.topK(queries: none.tensor, k: 2).rows == 0)
        let empty = try cpu.graphSearch(over: none.tensor, firstId: 0, settings: settings, parts: 1, seed: 1)
        #expect(try empty.topK(queries: three.tensor, k: 2).count(0) == 0)
    }
}

@Suite struct SearchPlanTests {
    private func plan(_ queries: Int, _ database: Int) -> SearchPlan {
        SearchPlan.choose(queries: queries, database: database, dims: 300, M: 100, efC: 300, efS: 400)
    }

    @Test func smallSetsAreSearchedExactly() {
        #expect(plan(13_114, 13_114).method == .exact)
        #expect(plan(13_114, 4_015).method == .exact)
        #expect(plan(1, 10_000_000).method == .exact, "one query does not pay for a graph")
        #expect(plan(0, 0).method == .exact)
    }

    @Test func largeSetsGetAGraph() {
        let large = plan(1_700_000, 2_800_000)
        #expect(large.method == .graph)
        #expect(large.reason.contains("2800000 vectors") && large.reason.contains("graph"))
    }

    @Test func thePlannedSearchRuns() throws {
        let database = clusteredRows(50, dims: 300, groups: 5, seed: 11)
        for method in [plan(50, 50), plan(1_700_000, 2_800_000)] {
            let search = try method.search(over: database.tensor, firstId: 7, seed: 1, on: cpu)
            #expect(search.count == 50)
            #expect(try search.topK(queries: database.tensor, k: 1).indices.array == Array(7..<57))
        }
    }
}
