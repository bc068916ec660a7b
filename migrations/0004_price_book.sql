-- Prices with an end, by service tier, and which of them were known when; image tokens and the tier of an attempt.

alter table prices
  add column valid_until timestamptz,
  add column service_tier text;
comment on column prices.valid_until is 'Holds until this instant, exclusive; null holds without end.';
comment on column prices.service_tier is 'The vendor''s service tier that it is the price of (flex, batch, priority); null for the default tier.';

create table price_books (
  provider text not null,
  model_id text not null,
  known_from timestamptz not null default clock_timestamp(),
  price_ids text[] not null,
  source text,
  primary key (provider, model_id, known_from)
);
comment on table price_books is 'Which prices were known of a model, from when. Appended when the list changes, never edited: the book as of an instant is each model''s latest entry by then.';
comment on column price_books.provider is 'The provider''s name in the settings.';
comment on column price_books.model_id is 'The provider''s id of the model.';
comment on column price_books.known_from is 'When this ledger first saw the list.';
comment on column price_books.price_ids is 'Rows in prices, in the order in which they apply: the last one that holds at an instant is the price. Empty where the model has no known price.';
comment on column price_books.source is 'Where the latest of its rows comes from; null where it has none.';

alter table attempts
  add column service_tier text,
  add column input_image_tokens bigint check (input_image_tokens >= 0),
  add column output_image_tokens bigint check (output_image_tokens >= 0);
comment on column attempts.service_tier is 'The service tier that it is billed at: as the response said, else as the request asked; null for the vendor''s default.';
comment on column attempts.input_image_tokens is 'The part of input_tokens that was images; null where no usage came, and before the column was there.';
comment on column attempts.output_image_tokens is 'The part of output_tokens that was images; null where no usage came, and before the column was there.';
