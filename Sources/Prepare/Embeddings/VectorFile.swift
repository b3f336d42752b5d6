import Buffers
import Diagnostics
import Foundation

/// fastText's .vec file: `words dimensions`, then a line of `word v1 v2 …` for each word.
enum VectorFile {
    /// The rows of `vocabulary`, in its order; words that it lacks are skipped.
    ///
    /// - Throws: `Failure` where a token has no line, or a line is not `dimensions` numbers (inf and nan are read as such).
    static func read(_ path: String, of vocabulary: [String], dimensions: Int) throws -> DenseMatrix {
        guard let file = fopen(path, "r") else { throw damaged(path, 0, found: String(cString: strerror(errno))) }
        defer { fclose(file) }
        let rows = Dictionary(uniqueKeysWithValues: vocabulary.enumerated().map { ($1, $0) })
        let matrix = DenseMatrix(rows: vocabulary.count, cols: dimensions)
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        var number = 0
        var found = 0
        defer { free(line) }
        while getline(&line, &capacity, file) > 0, let start = line {
            number += 1
            guard number > 1, let space = strchr(start, 0x20) else { continue }
            space.pointee = 0
            guard let row = rows[String(cString: start)] else { continue }
            guard parse(space + 1, into: matrix.row(row), count: dimensions) else {
                throw damaged(path, number, found: "vector of \"\(String(cString: start))\"")
            }
            found += 1
        }
        guard found == vocabulary.count else { throw damaged(path, number, found: "\(found) of \(vocabulary.count) tokens") }
        return matrix
    }

    private static func parse(_ text: UnsafePointer<CChar>, into row: UnsafeMutablePointer<Float>, count: Int) -> Bool {
        var at = text
        for col in 0..<count {
            var end: UnsafeMutablePointer<CChar>?
            row[col] = strtof(at, &end)
            guard let end, UnsafePointer(end) != at else { return false }
            at = UnsafePointer(end)
        }
        return true
    }

    private static func damaged(_ path: String, _ line: Int, found: String) -> Failure {
        Failure(
            .outOfResources, "fastText's vectors are not whole", at: "\(path):\(line)", found: found,
            expected: "one line of numbers for each token", advice: "check free disk space, then run the command again")
    }
}
