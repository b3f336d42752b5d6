import Checkpoint
import Datasets
import Devices
import Foundation
import Learners
import Support

/// The files of a trained model, as a stranger may send them: every checksum is made anew, so that changed numbers get through to what
/// reads them. What passes the checks is then used as prediction uses it, so that the address sanitizer sees where it leads.
let parsers: [String: Parser] = [
    "model_cache": { content in
        let path = cache.write(withDigests(Array(content)))
        let set = try XCDataset.ofModel(cacheFile: path, hasDocuments: true)
        for document in 0..<set.trainFeatures.rows { _ = set.trainFeatures.columns(document).reduce(0, &+) }
        _ = set.positives
        _ = try XCDataset.ofModel(cacheFile: path, hasDocuments: false).positives
    },
    "serving": { content in try readMapped(serving.write(withDigests(ofMapped: Array(content)))) },
    "stored_rows": { content in try readStoredRows(Array(content)) },
    "narrow_rows": { content in try readNarrowRows(Array(content)) },
    "weight_tables": { content in try readTables(Array(content)) },
    "inverted_rows": { content in try readInverted(Array(content)) },
]

private let cache = InputFile("training.xcd")
private let serving = InputFile("serving.dxa")
private let team = ThreadTeam(size: 1)
private let device = CPUDevice(team: team)

// MARK: Digests

/// A cache file with the digest that its header should have. An input's first 896 bytes are the header; the arrays follow, where in a
/// file the header's page ends.
private func withDigests(_ content: [UInt8]) -> [UInt8] {
    let head = content.prefix(896)
    var bytes = Array(head) + [UInt8](repeating: 0, count: 4096 - head.count) + content.dropFirst(896)
    func word(_ at: Int) -> Int {
        bytes.withUnsafeBytes { Int(truncatingIfNeeded: $0.loadUnaligned(fromByteOffset: 8 * at, as: UInt64.self)) }
    }
    func put(_ value: UInt64, _ at: Int) {
        bytes.replaceSubrange(8 * at..<8 * at + 8, with: withUnsafeBytes(of: value.littleEndian) { Array($0) })
    }
    let version = 2 + word(1) & 7, matrices = 6 + version & 1 + (version > 3 ? 3 : 0)
    let sections = 16 + 3 * (version & 1) + (version > 3 ? 7 : 0), counted = 6 + 2 * matrices + 3 * sections
    put(XCDataset.cacheMagic.withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) }, 0)
    put(UInt64(version), 1)
    put(UInt64(bytes.count), 2)
    put(ContentHash.of(bytes[..<(8 * counted)]), counted)
    return bytes
}

/// A file of mapped arrays with the digests that its arrays and its description should have. Its end names where the description begins:
/// here, the first brace.
private func withDigests(ofMapped content: [UInt8]) -> [UInt8] {
    guard let brace = content.firstIndex(of: UInt8(ascii: "{")),
        var whole = try? JSONSerialization.jsonObject(with: Data(content[brace...])) as? [String: Any],
        let arrays = (whole["body"] as? [String: Any])?["arrays"] as? [[String: Any]]
    else { return content }
    var body = whole["body"] as? [String: Any] ?? [:], bytes = Array("DXARRAY1".utf8) + content[..<brace]
    while bytes.count % 64 != 0 { bytes.append(0) }
    body["arrays"] = arrays.map { array in
        var array = array
        let numbers = ["rows", "cols", "offset"].compactMap { array[$0] as? Int }
        let size = (array["type"] as? String).flatMap(ArrayType.init)?.size ?? 1
        guard numbers.count == 3, numbers.allSatisfy((0...1 << 20).contains) else { return array }
        let end = numbers[2] + numbers[0] * numbers[1] * size
        if end <= bytes.count {
            array["digests"] = end > numbers[2] ? [ContentHash.hex(ContentHash.of(bytes[numbers[2]..<end]))] : []
        }
        return array
    }
    (whole["body"], whole["fileChecksum"]) = (body, "00000000")
    guard var text = try? JSONSerialization.data(withJSONObject: whole, options: [.prettyPrinted, .sortedKeys]) else {
        return content
    }
    if let field = text.range(of: Data("\"fileChecksum\" : \"".utf8), options: .backwards) {
        var checksum = CRC32()
        text.withUnsafeBytes { checksum.update($0) }
        text.replaceSubrange(field.upperBound..<field.upperBound + 8, with: Data(checksum.hex.utf8))
    }
    return bytes + text + withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { Array($0) } + Array("DXARRAY1".utf8)
}

// MARK: Readers

private func readMapped(_ path: String) throws {
    let file = try ArrayFile(mapping: path)
    try file.check(team)
    for name in file.names {
        _ = try? file.array(name, as: UInt32.self).all.reduce(0, &+)
        _ = try? file.array(name, as: UInt64.self).all.reduce(0, &+)
    }
    guard let reader = try CheckpointReader(file, module: "m") else { return }
    for name in reader.names {
        let (rows, cols) = try reader.extent(name)
        guard rows < 1000, cols < 1000 else { continue }
        _ = try? (reader.replicated(name) as Buffer<Float>).all.reduce(0, +)
        _ = try? (reader.columns(name, 0..<min(cols, 2))).all.reduce(0, +)
    }
}

/// Numbers of an input, as many as there are.
private func numbers<Element: FixedWidthInteger & BitwiseCopyable>(_ bytes: ArraySlice<UInt8>, _: Element.Type) -> Buffer<Element>
{
    let buffer = Buffer<Element>(count: bytes.count / MemoryLayout<Element>.size)
    buffer.bytes.copyBytes(from: bytes.prefix(buffer.byteCount))
    return buffer
}

/// Three lists of bytes: the first two numbers are how long the first two are, in elements of so many bytes.
private func lists(_ bytes: [UInt8], _ width: Int, _ otherWidth: Int) -> (ArraySlice<UInt8>, ArraySlice<UInt8>, ArraySlice<UInt8>)
{
    guard bytes.count >= 2 else { return ([], [], []) }
    let rest = bytes.dropFirst(2), first = min(rest.count, Int(bytes[0]) * width)
    let second = min(rest.count - first, Int(bytes[1]) * otherWidth)
    return (rest.prefix(first), rest.dropFirst(first).prefix(second), rest.dropFirst(first + second))
}

/// A mapped file of a checkpoint's classifiers, in memory. `check` alone looks at digests.
private func mapped(_ arrays: [(name: String, type: ArrayType, bytes: [UInt8])]) -> MappedFile {
    var bytes = Array("DXARRAY1".utf8), entries: [String] = []
    func pad() { bytes += [UInt8](repeating: 0, count: (64 - bytes.count % 64) % 64) }
    for (name, type, content) in arrays {
        pad()
        let digests = content.isEmpty ? "" : #""0""#, rows = content.count / type.size, place = bytes.count
        let shape = #""type":"\#(type)","rows":\#(rows),"cols":1"#
        entries.append(#"{"name":"m/classifier.\#(name)",\#(shape),"offset":\#(place),"digests":[\#(digests)]}"#)
        bytes += content
    }
    pad()
    let module = #""module.m":"{\"key\":{\"module\":\"m\",\"moduleIndex\":0,\"epoch\":0,\"step\":0},\"shards\":1,\"state\":{}}""#
    let body = #"{"schema":1,"attributes":{\#(module)},"arrays":[\#(entries.joined(separator: ","))]}"#
    var text = Array(#"{"body":\#(body),"fileChecksum" : "00000000"}"#.utf8), checksum = CRC32()
    text.withUnsafeBytes { checksum.update($0) }
    text.replaceSubrange(text.count - 10..<text.count - 2, with: checksum.hex.utf8)
    return memory(bytes + text + withUnsafeBytes(of: UInt64(bytes.count).littleEndian) { Array($0) } + Array("DXARRAY1".utf8))
}

/// Sparse classifiers of a checkpoint: how many weights each label has, and their features.
private func readStoredRows(_ bytes: [UInt8]) throws {
    let (counts, columns, _) = lists(bytes, 4, 4), features = 40
    let labels = counts.count / 4, entries = columns.count / 4
    let file = mapped([
        ("counts", .int32, Array(counts.prefix(4 * labels))), ("columns", .int32, Array(columns.prefix(4 * entries))),
        ("weights", .float32, [UInt8](repeating: 0, count: 4 * entries)),
        ("bias", .float32, [UInt8](repeating: 0, count: 4 * labels)),
    ])
    guard let reader = try CheckpointReader(ArrayFile(file), module: "m") else { return }
    let classifier = try StoredClassifier(reader, features: features).classifier(of: 0..<labels)
    search(device.invertedIndex(weights: classifier.weights, biases: classifier.biases), features)
    score(device.weightTables(weights: classifier.weights, biases: classifier.biases), labels, features)
}

private func readNarrowRows(_ bytes: [UInt8]) throws {
    let (starts, rows, _) = lists(bytes, 8, 1), offsets = numbers(starts, Int64.self),
        weights = bytes.first.map { $0 & 1 == 0 } ?? true
    guard offsets.count > 0 else { return }
    let count = offsets.count - 1, cols = 50
    let narrow = NarrowRows(
        rows: count, cols: cols, weights: weights ? .bfloat16 : .int8, starts: offsets, bytes: Buffer(Array(rows)))
    try narrow.check(RangeChecks(of: "rows"), "r", team)
    let matrix = device.matrix(narrow)
    precondition(matrix.indices.all.allSatisfy { (0..<Int32(cols)).contains($0) }, "a column that is none")
    func classifier(_ labels: Int) -> NarrowClassifier {
        NarrowClassifier(rows: narrow, scales: weights ? nil : Buffer(count: labels), biases: Buffer(count: labels))
    }
    search(device.invertedIndex(classifier(cols)), count)
    score(device.weightTables(classifier(count)), count, cols)
}

private func readTables(_ bytes: [UInt8]) throws {
    let (starts, first, second) = lists(bytes, 8, 1), offsets = numbers(starts, Int64.self), features = 60
    guard offsets.count > 0 else { return }
    let arrays = WeightTableArrays(
        features: features, starts: offsets, tables: Buffer(Array(first + second)), biases: Buffer(count: offsets.count - 1))
    try arrays.check(RangeChecks(of: "tables"), "t", team)
    score(device.weightTables(arrays), offsets.count - 1, features)
}

private func readInverted(_ bytes: [UInt8]) throws {
    let (starts, labels, order) = lists(bytes, 8, 4), offsets = numbers(starts, Int64.self), ids = numbers(labels, Int32.self)
    let byBias = numbers(order, Int32.self)
    guard offsets.count > 0 else { return }
    let arrays = InvertedArrays(
        features: offsets.count - 1, starts: offsets, labelIds: ids, weights: Buffer(count: ids.count),
        biases: Buffer(count: byBias.count), byBias: byBias)
    try arrays.check(RangeChecks(of: "index"), "i")
    search(device.invertedIndex(arrays), arrays.features)
    if byBias.count > 1 { search(device.invertedIndex(device.part(arrays, 1..<byBias.count)), arrays.features) }
}

// MARK: Uses

/// Documents that have every feature between them.
private func documents(_ features: Int) -> CSRMatrix {
    CSRMatrix(
        cols: features,
        rows: [
            (0..<features).map { (Int32($0), Float($0 + 1)) }, [], stride(from: 0, to: features, by: 3).map { (Int32($0), -1) },
        ])
}

private func search(_ index: InvertedIndex, _ features: Int) {
    let lists = device.bestLabels(index, documents: documents(features), docs: [0, 1, 2], k: 5, firstLabel: 0)
    precondition(lists.indices.all.allSatisfy { $0 < Int32(index.labels) }, "a label that is none")
}

private func score(_ tables: WeightTables, _ labels: Int, _ features: Int) {
    let all = (0..<Int32(labels)).map { $0 }, scores = Buffer<Float>(count: 3 * labels)
    let lists = TopK(rows: 3, k: labels, indices: Buffer(all + all + all), scores: Buffer(count: 3 * labels))
    device.linearScores(tables, lists, docs: [0, 1, 2], documents: documents(features), firstLabel: 0, into: scores)
}
