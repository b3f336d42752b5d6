import CText
import Support

/// One refused token of an XC text file: the kernel's error code with its place, as a person reads it.
struct XCTextError: Sendable {
    var code: Int32
    /// 1-based.
    var line: Int
    /// 1-based, in bytes.
    var column: Int
    /// The text from the token to the end of its line, cut at 600 bytes.
    var rest: [UInt8]

    func failure(path: String, cols: Int) -> Failure {
        let token = rest.prefix { ![UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n")].contains($0) }
        let index = token.prefix { $0 != UInt8(ascii: ":") }
        let place = "\(path):\(line):\(column)"
        func make(_ problem: String, found: String, expected: String, _ advice: String) -> Failure {
            Failure(.usage, problem, at: place, found: found, expected: expected, advice: advice)
        }
        switch Int(code) {
        case CT_INDEX_RANGE:
            let oneBased = index.count < 18 && String(decoding: index, as: UTF8.self) == String(cols)
            // Rows that come one by one have no header: a model says how many columns there are.
            if path == "standard input" {
                return make(
                    "index out of range", found: quoted(index), expected: "0…\(cols - 1): the model has \(cols) features",
                    oneBased ? "indices count from 0: subtract 1 from each" : "give features as the model's data set has them")
            }
            return make(
                "index out of range", found: quoted(index),
                expected: cols > 0
                    ? "0…\(cols - 1), as line 1 says \(cols) columns" : "no entries: line 1 says 0 columns",
                oneBased ? "indices count from 0: subtract 1 from each, or correct the header" : "correct the header or the row")
        case CT_INDEX_REPEATED:
            return make(
                "index repeated in its row", found: quoted(index), expected: "each index once, ascending",
                "merge the two entries")
        case CT_INDEX_UNSORTED:
            return make(
                "indices out of order", found: "\(quoted(index)) after a larger index", expected: "ascending indices in each row",
                "sort the entries of each row by index")
        case CT_NOT_FINITE:
            return make(
                "value not finite", found: quoted(token), expected: "a number of 0 or more that a 32-bit float can hold",
                "find out where this value came from, and write the file again without it")
        case CT_NEGATIVE:
            return make(
                "negative value", found: quoted(token), expected: "a number of 0 or more",
                "features and labels of this program are non-negative: shift or drop the value")
        case CT_NO_NUMBER:
            return make("not a number", found: quoted(token), expected: "a decimal number after `index:`", "correct the row")
        case CT_TOO_LONG:
            return make(
                "number too long", found: quoted(token), expected: "at most \(CT_LONGEST_NUMBER) characters",
                "write it with fewer digits: 9 are enough for a 32-bit float")
        case CT_NO_LABEL:
            return make(
                "not a list of labels", found: quoted(token), expected: "`label,label` before the row's entries, or a blank",
                "correct the row; in the one-file form a row without labels starts with a blank")
        default:
            return make(
                "not an entry", found: quoted(token), expected: "`index:value`, separated by spaces", "correct the row")
        }
    }
}
