//! Every pair of numbers in every system, there and back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use onegrid::coordinates::{Crs, LocalMetres, Point, in_range};

fuzz_target!(|numbers: [f64; 2]| {
    let [lat, lon] = numbers;
    for crs in Crs::ALL {
        let point = crs.to_wgs84(lat, lon);
        let (out_lat, out_lon) = crs.from_wgs84(point);
        if !in_range(lat, lon) {
            let same = |a: f64, b: f64| a.to_bits() == b.to_bits();
            assert!(same(point.lat, lat) && same(point.lon, lon));
            assert!(same(out_lat, lat) && same(out_lon, lon));
            continue;
        }
        assert!(point.is_valid(), "{crs} {numbers:?} came in as {point:?}");
        assert!(in_range(out_lat, out_lon), "{crs} {numbers:?} went out as {out_lat} {out_lon}");
        // Unless it was taken as it is, at a border, it goes out as it came in.
        if point != Point::new(lat, lon) {
            let off_m = point_m(out_lat, out_lon, lat, lon);
            assert!(off_m < 1e-3, "{crs} {numbers:?}: {off_m} m");
        }
        let frame = LocalMetres::around(point);
        let [east, north] = frame.east_north(point);
        assert!(east == 0.0 && north == 0.0);
        if point.lat.abs() < 89.0 {
            let back = frame.point([100.0, -100.0]);
            let [east, north] = frame.east_north(back);
            assert!((east - 100.0).abs() < 1e-3 && (north + 100.0).abs() < 1e-3);
        }
    }
});

fn point_m(lat: f64, lon: f64, other_lat: f64, other_lon: f64) -> f64 {
    Point::new(lat, lon).metres_to(Point::new(other_lat, other_lon))
}
