-- What carries a plate, by all looks of its passage.

alter table plate_passages
  -- {types: {car: looks}, colors: {red: looks}}; null: nobody looked for it.
  add column vehicle jsonb;
