//! The protocol-buffer wire format, as far as OSM PBF uses it: a message is a
//! list of numbered fields, read here without copying and without trust.

/// What is wrong with a message.
pub(super) type Broken = &'static str;

/// A field's content.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Fixed-width numbers, which OSM PBF does not use.
    Other,
}

impl<'a> Value<'a> {
    pub fn bytes(self) -> Result<&'a [u8], Broken> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err("a field has the wrong type"),
        }
    }

    pub fn number(self) -> Result<u64, Broken> {
        match self {
            Self::Number(number) => Ok(number),
            _ => Err("a field has the wrong type"),
        }
    }

    /// An `int32` or `int64`.
    pub fn signed(self) -> Result<i64, Broken> {
        self.number().map(u64::cast_signed)
    }
}

/// The fields of a message, in order.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields<'a>(pub &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Result<(u64, Value<'a>), Broken> {
        let key = varint(&mut self.0)?;
        let value = match key & 7 {
            0 => Value::Number(varint(&mut self.0)?),
            1 => {
                self.take(8)?;
                Value::Other
            }
            2 => {
                let length = varint(&mut self.0)?;
                Value::Bytes(self.take(length)?)
            }
            5 => {
                self.take(4)?;
                Value::Other
            }
            _ => return Err("a field has an unknown wire type"),
        };
        Ok((key >> 3, value))
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], Broken> {
        let length = usize::try_from(length).map_err(|_| "a field is longer than its message")?;
        let (taken, rest) = self
            .0
            .split_at_checked(length)
            .ok_or("a field is longer than its message")?;
        self.0 = rest;
        Ok(taken)
    }
}

fn varint(bytes: &mut &[u8]) -> Result<u64, Broken> {
    let mut number = 0_u64;
    for shift in (0..64).step_by(7) {
        let (&byte, rest) = bytes.split_first().ok_or("a number is cut short")?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err("a number is longer than 64 bits")
}

/// A packed list of plain numbers.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Packed<'a>(pub &'a [u8]);

impl Packed<'_> {
    pub fn next_number(&mut self) -> Result<Option<u64>, Broken> {
        if self.0.is_empty() {
            return Ok(None);
        }
        varint(&mut self.0).map(Some)
    }

    /// The next zigzag-coded difference, added to `sum`.
    pub fn next_delta(&mut self, sum: &mut i64) -> Result<Option<i64>, Broken> {
        Ok(self.next_number()?.map(|number| {
            *sum = sum.wrapping_add(zigzag(number));
            *sum
        }))
    }
}

/// A zigzag-coded `sint64`.
pub(super) fn zigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -((number & 1).cast_signed())
}
