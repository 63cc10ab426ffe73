/**
 * Columns of every type that is entered as text.
 */

/**
 * By name: type, the value at first, another one as it is typed, and how the
 * database writes that.
 */
export const COLUMNS = {
	c_smallint: ['smallint', '7', '-12'],
	c_int: ['integer', '42', '4711'],
	c_bigint: ['bigint', '9007199254740993', '9007199254740995'],
	c_numeric: ['numeric(12,2)', '1280.50', '99.10'],
	c_real: ['real', '0.5', '2.25'],
	c_double: ['double precision', '1e+30', '-2.5e-3', '-0.0025'],
	c_money: ['money', '$1.00', '$2.50'],
	c_text: ['text', 'some text', ' blanks at both ends '],
	c_varchar: ['varchar(40)', 'short', 'äöü€ 😀'],
	c_char: ['char(5)', 'abc', 'de'],
	c_name: ['name', 'a name', 'another'],
	c_domain: ['label', 'labelled', 'relabelled'],
	c_time: ['time', '09:30:00', '14:45', '14:45:00'],
	c_timetz: ['timetz', '09:30:00+02', '14:45+03', '14:45:00+03'],
	c_interval: ['interval', '1 day', '2 days 03:00:00'],
	c_uuid: ['uuid', '6f1c1f0e-2b55-4d0e-9a53-0c4de1a80a02', '00000000-0000-4000-8000-000000000001'],
	c_json: ['json', '{"a": 1}', '{"b": [2, null]}'],
	c_jsonb: ['jsonb', '{"a": 1}', '{"b": [2, null]}'],
	c_xml: ['xml', '<a>1</a>', '<b>2</b>'],
	c_inet: ['inet', '10.0.0.1', '10.0.0.0/8'],
	c_cidr: ['cidr', '10.0.0.0/8', '192.168.0.0/16'],
	c_macaddr: ['macaddr', '08:00:2b:01:02:03', '08:00:2b:01:02:04'],
	c_bit: ['varbit', '101', '0110'],
	c_point: ['point', '(1,2)', '(3,4.5)'],
	c_box: ['box', '(2,2),(1,1)', '(4,4),(3,3)'],
	c_range: ['int4range', '[1,5)', '[2,9)'],
	c_tsrange: ['tsrange', '["2026-01-01 10:00:00","2026-01-01 11:00:00")', '[2026-02-01 10:00,2026-02-01 11:00)', '["2026-02-01 10:00:00","2026-02-01 11:00:00")'],
	c_tsvector: ['tsvector', "'fat' 'rat'", "'cat' 'hat'"],
	c_oid: ['oid', '16384', '16385'],
	c_composite: ['pair', '(1,one)', '(2,two)'],
	c_hstore: ['hstore', '"a"=>"1"', '"b"=>"2"'],
};
