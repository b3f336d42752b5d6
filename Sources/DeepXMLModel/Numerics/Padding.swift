/// Rows of activations and classifiers are padded with zeros to whole vectors of 16 floats.
///
/// - Returns: the leading dimension for rows of `dims` floats.
public func paddedWidth(_ dims: Int) -> Int { (dims + 15) / 16 * 16 }
