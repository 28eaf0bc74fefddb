//! The ten lines: where they lead and how often they run.

/// A line: number, colour, minutes between buses by day, and where it leads (shares of width and height).
pub(super) struct Course {
    pub number: &'static str,
    pub colour: u32,
    pub every: i32,
    pub over: &'static [(f64, f64)],
}

pub(super) const COURSES: [Course; 10] = [
    Course {
        number: "1",
        colour: 0xd7_26_3d,
        every: 8,
        over: &[(0.04, 0.50), (0.30, 0.55), (0.50, 0.50), (0.70, 0.50), (0.95, 0.50)],
    },
    Course {
        number: "2",
        colour: 0x1b_73_c4,
        every: 8,
        over: &[(0.50, 0.04), (0.50, 0.30), (0.52, 0.52), (0.50, 0.75), (0.52, 0.96)],
    },
    Course {
        number: "3",
        colour: 0x2e_8b_57,
        every: 12,
        over: &[(0.16, 0.18), (0.35, 0.36), (0.48, 0.46), (0.44, 0.60), (0.33, 0.70), (0.20, 0.86)],
    },
    Course {
        number: "4",
        colour: 0xf2_9e_1f,
        every: 12,
        over: &[(0.84, 0.16), (0.68, 0.30), (0.52, 0.47), (0.60, 0.62), (0.66, 0.72), (0.82, 0.85)],
    },
    Course {
        number: "5",
        colour: 0x7b_3f_a0,
        every: 15,
        over: &[(0.14, 0.30), (0.30, 0.22), (0.50, 0.12), (0.72, 0.22), (0.88, 0.36)],
    },
    Course {
        number: "6",
        colour: 0x00_8c_95,
        every: 15,
        over: &[(0.10, 0.62), (0.33, 0.70), (0.50, 0.80), (0.66, 0.72), (0.88, 0.66)],
    },
    Course {
        number: "7",
        colour: 0x8a_5a_2b,
        every: 15,
        over: &[(0.22, 0.30), (0.22, 0.50), (0.23, 0.72), (0.33, 0.92)],
    },
    Course {
        number: "8",
        colour: 0xe8_5d_9a,
        every: 15,
        over: &[(0.78, 0.20), (0.80, 0.47), (0.78, 0.60), (0.80, 0.78), (0.62, 0.92)],
    },
    Course {
        number: "9",
        colour: 0x5a_7d_1c,
        every: 20,
        over: &[(0.06, 0.40), (0.28, 0.45), (0.44, 0.60), (0.60, 0.60), (0.78, 0.58), (0.93, 0.60)],
    },
    Course {
        number: "10",
        colour: 0x44_55_66,
        every: 20,
        over: &[(0.36, 0.08), (0.40, 0.36), (0.36, 0.55), (0.40, 0.92)],
    },
];
