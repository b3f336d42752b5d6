/// A safetensors file's bytes: the header's length, the header, the arrays.
public func safetensors(header: String, _ data: [UInt8]) -> [UInt8] {
    let text = Array(header.utf8)
    return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text + data
}

/// A file of float32 arrays, one after the other; `value` gives each element by its number, from 1.
public func safetensors(_ arrays: [(name: String, shape: [Int])], value: (Int) -> Float = { Float($0) }) -> [UInt8] {
    var members: [String] = []
    var data: [UInt8] = []
    var count = 0
    for array in arrays {
        let start = data.count
        for _ in 0..<array.shape.reduce(1, *) {
            count += 1
            data += withUnsafeBytes(of: value(count)) { Array($0) }
        }
        members.append(#""\#(array.name)":{"dtype":"F32","shape":\#(array.shape),"data_offsets":[\#(start),\#(data.count)]}"#)
    }
    return safetensors(header: "{\(members.joined(separator: ","))}", data)
}
